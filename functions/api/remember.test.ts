import { expect, test } from 'vitest'
import { remember } from './remember.ts'

function counter() {
  const state = { nowMs: 1000, readings: 0, fails: false }
  const read = remember(
    200,
    () => state.nowMs,
    async () => {
      state.readings++
      if (state.fails) throw new Error('away')
      return state.readings
    },
  )
  return { state, read }
}

test('asks once for all who come within its time, and anew after it', async () => {
  const { state, read } = counter()
  expect(await Promise.all([read(), read()])).toEqual([1, 1])
  state.nowMs += 199
  expect(await read()).toBe(1)
  state.nowMs += 1
  expect(await read()).toBe(2)
})

test('asks anew when the clock was set back', async () => {
  const { state, read } = counter()
  await read()
  state.nowMs -= 500
  expect(await read()).toBe(2)
})

test('does not keep a failure', async () => {
  const { state, read } = counter()
  state.fails = true
  await expect(read()).rejects.toThrow('away')
  state.fails = false
  expect(await read()).toBe(2)
})
