// Whether a mapping holds a record just now, from the states that the mappings tell.
import type { InFlight } from '../../functions/api/journey/read-journey.ts'
import type { RecordPlace } from '../../functions/store/search.ts'
import type { MappingState } from '../event-source-mapping/state.ts'

/** `mappings` are MappingStates, as they came from their threads. */
export function inFlightIn(mappings: unknown[], { group, topic, partition, offset }: RecordPlace): InFlight | null {
  const mapping = (mappings as MappingState[]).find(
    ({ consumerGroupId, topic: read }) => consumerGroupId === group && read === topic,
  )
  const held = mapping?.partitions.find((each) => each.partition === partition)
  if (!held || held.phase === 'idle' || held.offset === null) return null
  // Offsets may have gaps, so a batch of so many records reaches at least this far.
  if (offset < held.offset || offset >= held.offset + held.inFlight) return null
  const { phase, attempt, lastError, nextAttemptAt } = held
  return { phase, attempt, lastError, nextAttemptAt }
}
