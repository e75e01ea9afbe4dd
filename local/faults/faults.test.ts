import { expect, it, vi } from 'vitest'
import { faultMs } from './fault.ts'
import { type Breakable, openFaults } from './faults.ts'

/** Parts that write down what is done to them. */
function parts(change: Partial<Breakable> = {}) {
  const done: string[] = []
  const breakable: Breakable = {
    send: async (fault) => void done.push(`send ${fault}`),
    setFunctionFault: async (fault) => void done.push(`function ${fault}`),
    holdStore: async () => {
      done.push('hold')
      return () => void done.push('let go')
    },
    stopBroker: 'the Kafka is not ours to stop',
    ...change,
  }
  const problems: string[] = []
  const faults = openFaults(
    breakable,
    () => {},
    ({ message }) => problems.push(message),
  )
  const on = () => faults.list().flatMap(({ name, since }) => (since === null ? [] : [name]))
  return { done, problems, faults, on }
}

it('breaks a part, says until when, and heals it by itself', async () => {
  vi.useFakeTimers()
  try {
    const { done, faults, on } = parts()
    await faults.begin('slow-store')
    const told = faults.list().find(({ name }) => name === 'slow-store')
    expect((told?.until ?? 0) - (told?.since ?? 0)).toBe(faultMs['slow-store'])
    await faults.begin('slow-store')
    expect(done).toEqual(['hold'])
    await vi.advanceTimersByTimeAsync(faultMs['slow-store'])
    expect(done).toEqual(['hold', 'let go'])
    expect(on()).toEqual([])
  } finally {
    vi.useRealTimers()
  }
})

it('heals before the time when it is asked to, and all at the end', async () => {
  const { done, faults, on } = parts()
  await faults.begin('poison')
  await faults.heal('poison')
  expect(done).toEqual(['function poison', 'send poison', 'function null'])
  await faults.begin('crash')
  await faults.begin('slow-store')
  expect(on()).toEqual(['slow-store', 'crash'])
  await faults.close()
  expect(on()).toEqual([])
  expect(done).toContain('let go')
})

it('ends what only sends as soon as it is sent', async () => {
  const { done, faults, on } = parts()
  await faults.begin('burst')
  expect(done).toEqual(['send burst'])
  expect(on()).toEqual([])
})

it('refuses what this stage cannot have, and says why', async () => {
  const { faults } = parts()
  expect(faults.list().find(({ name }) => name === 'broker-restart')?.unavailable).toMatch(/not ours/)
  await expect(faults.begin('broker-restart')).rejects.toMatchObject({ code: 'BODY_INVALID' })
})

it('is not on when it could not be done, and tells when it cannot be undone', async () => {
  const failing = parts({ send: async () => Promise.reject(new Error('no broker answers')) })
  await expect(failing.faults.begin('burst')).rejects.toThrow('no broker answers')
  expect(failing.on()).toEqual([])
  const stuck = parts({ holdStore: async () => () => Promise.reject(new Error('the lock is not ours')) })
  await stuck.faults.begin('slow-store')
  await stuck.faults.heal('slow-store')
  expect(stuck.problems).toEqual(['the lock is not ours'])
  expect(stuck.on()).toEqual([])
})
