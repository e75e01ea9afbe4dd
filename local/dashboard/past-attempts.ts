// Batches that were tried more than once, remembered for the journeys of their records: no store keeps them.
import type { PastAttempts } from '../../functions/api/journey/read-journey.ts'
import type { RecordPlace } from '../../functions/store/search.ts'
import type { MappingState } from '../event-source-mapping/state.ts'

/** What is tried once, as nearly everything is, costs nothing; a night of failures is remembered by its end. */
const batchesMax = 1_000

interface TriedBatch extends RecordPlace, PastAttempts {
  records: number
}

export interface AttemptMemory {
  /** Looks at the mappings' states, as they came from their threads. */
  note(mappings: unknown[]): void
  find(place: RecordPlace): PastAttempts | null
}

export function attemptMemory(): AttemptMemory {
  const batches = new Map<string, TriedBatch>()

  function noteBatch(batch: TriedBatch): void {
    const key = `${batch.group} ${batch.topic} ${batch.partition} ${batch.offset}`
    const known = batches.get(key)
    const lastError = batch.lastError ?? known?.lastError ?? null
    batches.delete(key)
    batches.set(key, { ...batch, lastError })
    for (const oldest of batches.keys()) {
      if (batches.size <= batchesMax) break
      batches.delete(oldest)
    }
  }

  return {
    note(mappings) {
      for (const { consumerGroupId: group, topic, partitions } of mappings as MappingState[]) {
        for (const { partition, offset, inFlight: records, attempt: count, lastError } of partitions) {
          if (offset === null || count < 2) continue
          noteBatch({ group, topic, partition, offset, records, count, lastError })
        }
      }
    },
    find({ group, topic, partition, offset }) {
      const found = [...batches.values()].findLast((batch) => {
        const isThere = batch.group === group && batch.topic === topic && batch.partition === partition
        // Offsets may have gaps, so a batch of so many records reaches at least this far.
        return isThere && offset >= batch.offset && offset < batch.offset + batch.records
      })
      return found ? { count: found.count, lastError: found.lastError } : null
    },
  }
}
