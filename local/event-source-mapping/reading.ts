// Reads for a mapping: what the poller brings is decoded, filtered and encoded, and waits in the dispatcher.
import type { Dispatcher } from './dispatch.ts'
import { compileFilters } from './filter.ts'
import { fillOf, Intake, type TakenIn } from './intake.ts'
import type { Journal } from './journal.ts'
import { Poller } from './poller.ts'
import type { Fetched, PollerEvents } from './polling.ts'
import { recordDecoder } from './schema-registry/decode.ts'
import type { MappingSettings } from './settings.ts'
import type { AbsentForm, EventSource, KafkaMessage } from './to-event.ts'
import { unreadableSentence } from './unreadable.ts'

export interface ReadingOptions {
  settings: MappingSettings
  source: EventSource
  absent: AbsentForm
  clientId: string
  membersFolder: string | undefined
  dispatcher: Dispatcher
  journal: Journal
  /** Something changed that may make a batch due. */
  turnSoon(): void
}

/** A poller that is not started yet, and keeps the dispatcher informed once it is. */
export function openReading(options: ReadingOptions): Poller {
  const { settings, clientId, membersFolder } = options
  const { topic, bootstrapServers, consumerGroupId, startingPosition, startingTimestampMs } = settings
  const start = { position: startingPosition, timestampMs: startingTimestampMs }
  return new Poller(
    { bootstrapServers, topic, groupId: consumerGroupId, clientId, start, membersFolder },
    pollerEvents(options),
  )
}

function pollerEvents({ settings, source, absent, dispatcher, journal, turnSoon }: ReadingOptions): PollerEvents {
  const { topic, schemaRegistry, filterPatterns, batchSizeMax } = settings
  const filter = filterPatterns.length > 0 ? compileFilters(filterPatterns) : null
  const decode = schemaRegistry ? recordDecoder(schemaRegistry, () => performance.now()) : null
  const intake = new Intake({ topic, source, absent, filter, decode })

  function arrived({ partition, fetchedOffset, nextOffset, endOffset, messages, isCurrent }: Fetched) {
    // Whole milliseconds: a fraction would cost an allocation for each record.
    const taken = intake.take(partition, messages, Math.floor(performance.now()))
    const arrive = ({ records, filtered }: TakenIn): void => {
      if (!isCurrent()) return
      const key = `${topic}-${partition}`
      journal.tell({ type: 'polled', partition: key, count: messages.length, bytes: bytesOf(messages) })
      if (filtered.length > 0) journal.tell({ type: 'filtered', records: { [key]: filtered } })
      dispatcher.arrive({ partition, fetchedOffset, nextOffset, endOffset, records })
      turnSoon()
    }
    return taken instanceof Promise ? taken.then(arrive) : arrive(taken)
  }

  function fill(partition: number): number {
    const queue = dispatcher.queue(partition)
    return queue ? fillOf(queue, batchSizeMax, dispatcher.queues().length) : 0
  }

  return {
    assigned(partitions, sameMember) {
      const kept = dispatcher.assign(partitions, sameMember)
      turnSoon()
      return kept.flatMap(({ partition, nextOffset: offset }) => (offset === null ? [] : [{ partition, offset }]))
    },
    begins(beginnings) {
      for (const beginning of beginnings) dispatcher.begin(beginning)
      turnSoon()
    },
    arrived,
    passed(...offsets) {
      dispatcher.pass(...offsets)
      turnSoon()
    },
    outOfRange: (partition) => dispatcher.outOfRange(partition),
    spans(spans) {
      journal.notePartitions(spans.size)
      dispatcher.noteEnds(spans)
    },
    failed: (error, delayMs) => journal.tell({ type: 'poll-error', error, delayMs }),
    unreadable(partition, damage, delayMs) {
      const queue = dispatcher.queue(partition)
      if (!queue) return
      // It is met again every few seconds, and told once.
      const isNew = queue.unreadable?.firstOffset !== damage.firstOffset
      queue.unreadable = { ...damage, sinceMs: isNew ? performance.now() : (queue.unreadable?.sinceMs ?? 0) }
      if (!isNew) return
      const { consumerGroupId, bootstrapServers } = settings
      journal.tell({
        type: 'poll-error',
        error: unreadableSentence({ topic, partition, consumerGroupId, bootstrapServers }, damage),
        delayMs,
      })
    },
    isFull: (partition) => fill(partition) >= 1,
    hasRoom: (partition) => fill(partition) <= 0.5,
  }
}

function bytesOf(messages: readonly KafkaMessage[]): number {
  let bytes = 0
  for (const { key, value } of messages) bytes += (key?.length ?? 0) + (value?.length ?? 0)
  return bytes
}
