import fc from 'fast-check'
import { Partitioners } from 'kafkajs'
import { expect, test } from 'vitest'
import { partitionOf } from './partition.ts'

test('sends every key where kafkajs would', () => {
  const theirs = Partitioners.DefaultPartitioner()
  const choose = (key: Buffer, partitions: number) =>
    theirs({
      topic: 't',
      partitionMetadata: Array.from({ length: partitions }, (_, partitionId) => ({ partitionId })) as never,
      message: { key, value: null },
    })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 100 }), (bytes, partitions) => {
      const key = Buffer.from(bytes)
      expect(partitionOf(key, partitions)).toBe(choose(key, partitions))
    }),
    { numRuns: 1000 },
  )
})
