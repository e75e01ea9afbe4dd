// Lets a partition stand still at a record batch that cannot be read: nothing is skipped, and the other partitions go on.
import type { Consumer } from 'kafkajs'
import { type Damage, onDamage } from '../../functions/kafka/codecs.ts'
import type { PollerEvents } from './polling.ts'

/** Until it is tried again: what damaged the batch may have been on the way. Fetched at once it would come for ever. */
const retryMs = 5_000

export interface DamageOptions {
  topic: string
  assigned: () => number[]
  /** For want of room: then it is not ours to resume. */
  isPaused: (partition: number) => boolean
  consumer: Pick<Consumer, 'pause' | 'resume'>
  events: Pick<PollerEvents, 'position' | 'isBehind' | 'failed'>
}

/** Begins to watch; what it answers ends that. */
export function standStillAtDamage({ topic, assigned, isPaused, consumer, events }: DamageOptions): () => void {
  const standing = new Set<number>()
  const timers = new Set<NodeJS.Timeout>()

  /** Only positions tell which partition it is: of several with the same one, those that have something to read. */
  function partitionsAt({ firstOffset, lastOffset }: Damage): number[] {
    const there = assigned().filter((partition) => {
      const position = events.position(partition)
      return position !== null && position >= firstOffset && position <= lastOffset && !standing.has(partition)
    })
    const behind = there.filter((partition) => events.isBehind(partition))
    return behind.length > 0 ? behind : there
  }

  const forget = onDamage((damage) => {
    const partitions = partitionsAt(damage)
    // Records before it came with this fetch; once they are taken in, the next one meets the batch again.
    if (partitions.length === 0) return
    const names = partitions.map((partition) => `${topic}-${partition}`).join(' or ')
    const where = `${names}: the record batch at offset ${damage.firstOffset} to ${damage.lastOffset} cannot be read`
    events.failed(`${where} (${damage.reason}); the partition stands still, the others go on`, retryMs)
    for (const partition of partitions) standing.add(partition)
    consumer.pause([{ topic, partitions }])
    const timer = setTimeout(() => {
      timers.delete(timer)
      for (const partition of partitions) standing.delete(partition)
      const ours = partitions.filter((partition) => assigned().includes(partition) && !isPaused(partition))
      if (ours.length > 0) consumer.resume([{ topic, partitions: ours }])
    }, retryMs)
    timers.add(timer)
  })
  return () => {
    forget()
    for (const timer of timers) clearTimeout(timer)
  }
}
