// What needed more than one attempt is remembered after it succeeded, and not for ever.
import { expect, it } from 'vitest'
import { attemptMemory } from './past-attempts.ts'

const state = (partitions: object[]) => [{ consumerGroupId: 'g', topic: 't', partitions }]
const batch = (offset: number, attempt: number, lastError: string | null = 'STORE_BUSY') => {
  return { partition: 0, offset, inFlight: 3, attempt, lastError }
}
const idle = { partition: 0, offset: null, inFlight: 0, attempt: 0, lastError: null }
const place = { group: 'g', topic: 't', partition: 0 }

it('remembers the last attempt of a batch, and what went wrong before', () => {
  const memory = attemptMemory()
  for (const partition of [batch(10, 1, null), batch(10, 2), batch(10, 3, null), idle]) memory.note(state([partition]))
  expect(memory.find({ ...place, offset: 12 })).toEqual({ count: 3, lastError: 'STORE_BUSY' })
  expect([9, 13].map((offset) => memory.find({ ...place, offset }))).toEqual([null, null])
  expect(memory.find({ ...place, offset: 10, group: 'h' })).toBeNull()
})

it('says nothing of what was tried once', () => {
  const memory = attemptMemory()
  memory.note(state([batch(10, 1, null)]))
  expect(memory.find({ ...place, offset: 10 })).toBeNull()
})

it('forgets the oldest of very many', () => {
  const memory = attemptMemory()
  for (let n = 0; n <= 1_000; n++) memory.note(state([batch(n * 10, 2)]))
  expect(memory.find({ ...place, offset: 0 })).toBeNull()
  expect(memory.find({ ...place, offset: 10 })).not.toBeNull()
})
