// Decides how far back each partition goes; pure, so that a dry run shows exactly what would be done.
import { PipelineError } from '../../functions/errors.ts'
import type { PartitionOffsets } from '../../functions/kafka/offsets.ts'
import type { From } from './from.ts'

export interface PartitionPlan {
  partition: number
  /** The group's committed offset before the replay; null when it has none. */
  committed: number | null
  /** Where the group goes back to; null: it stays. */
  target: number | null
  /** Why it stays, or why it goes elsewhere than asked. */
  note?: string
}

/**
 * One plan for each partition. `offsetsAt` are the first offsets at or after the moment that `from` names.
 *
 * Our choice: a replay only goes back. Where the asked place is ahead of the group, the group stays, because what it
 * skipped would never be accounted for. Below the log's start it begins there, as Kafka's own tool has it
 * (kafka-consumer-groups --reset-offsets: "New offset is lower than earliest offset").
 *
 * @throws PipelineError CONFIG_INVALID when `from` names a partition that does not exist
 */
export function planReplay(
  from: From,
  partitions: PartitionOffsets[],
  offsetsAt: ReadonlyMap<number, number> = new Map(),
): PartitionPlan[] {
  if (from.kind === 'offsets') requireKnown(from.offsets, partitions)
  return partitions.map(({ partition, logStartOffset, committedOffset: committed }) => {
    const stays = (note: string): PartitionPlan => ({ partition, committed, target: null, note })
    const asked =
      from.kind === 'earliest' ? logStartOffset : (from.kind === 'time' ? offsetsAt : from.offsets).get(partition)
    if (asked === undefined) return stays('not asked for')
    if (committed === null) return stays('nothing was read yet')
    const target = Math.max(asked, logStartOffset)
    if (target >= committed) return stays(asked > committed ? 'asked for what is still ahead' : 'nothing to read again')
    const isLost = asked < logStartOffset && from.kind === 'offsets'
    return { partition, committed, target, ...(isLost && { note: `Kafka holds nothing before ${logStartOffset}` }) }
  })
}

/** Records that will be read again, counting holes that transactions leave as records. */
export function recordsAgain(plans: PartitionPlan[]): number {
  return plans.reduce((sum, { committed, target }) => sum + (target === null ? 0 : (committed ?? target) - target), 0)
}

/** How many of them have been read again, from what is committed by now. */
export function recordsRead(plans: PartitionPlan[], now: PartitionOffsets[]): number {
  const committed = new Map(now.map(({ partition, committedOffset }) => [partition, committedOffset]))
  return plans.reduce((sum, { partition, committed: was, target }) => {
    if (target === null || was === null) return sum
    const at = committed.get(partition) ?? target
    return sum + Math.min(Math.max(at, target), was) - target
  }, 0)
}

function requireKnown(asked: ReadonlyMap<number, number>, partitions: PartitionOffsets[]): void {
  const unknown = [...asked.keys()].filter((wanted) => !partitions.some(({ partition }) => partition === wanted))
  if (unknown.length > 0) {
    throw new PipelineError('CONFIG_INVALID', `--from: there is no partition ${unknown.join(', ')}`)
  }
}
