// A record is in flight while a mapping's batch holds its offset, and at no other time.
import { expect, test } from 'vitest'
import { inFlightIn } from './in-flight.ts'

const partition = {
  partition: 1,
  phase: 'waiting',
  offset: 10,
  inFlight: 3,
  attempt: 4,
  lastError: 'STORE_BUSY',
  nextAttemptAt: 5,
}
const mappings = [
  { consumerGroupId: 'g', topic: 't', partitions: [{ ...partition, partition: 0, phase: 'idle' }, partition] },
]
const at = (offset: number, more = {}) =>
  inFlightIn(mappings, { group: 'g', topic: 't', partition: 1, offset, ...more })

test('a held offset says which attempt it is, and when the next one comes', () => {
  expect(at(12)).toEqual({ phase: 'waiting', attempt: 4, lastError: 'STORE_BUSY', nextAttemptAt: 5 })
})

test('an offset outside the batch, of another partition, group or topic is not in flight', () => {
  expect([at(9), at(13), at(10, { partition: 0 }), at(10, { group: 'h' }), at(10, { topic: 'u' })]).toEqual(
    Array(5).fill(null),
  )
})
