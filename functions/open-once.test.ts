import { expect, it } from 'vitest'
import { openOnce } from './open-once.ts'

it('opens once for all who ask', async () => {
  let opened = 0
  const opening = openOnce(async () => ++opened)
  expect(await Promise.all([opening(), opening()])).toEqual([1, 1])
  expect(await opening()).toBe(1)
})

it('opens anew after a failure', async () => {
  let tries = 0
  const opening = openOnce(async () => {
    if (++tries === 1) throw new Error('not yet')
    return tries
  })
  await expect(opening()).rejects.toThrow('not yet')
  expect(await opening()).toBe(2)
})
