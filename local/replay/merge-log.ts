// Reads the partitions of a topic side by side, so that no one's records are far ahead of another's in time.
import type { KafkaConfig } from 'kafkajs'
import { type LogPage, type LogRecord, readLog } from '../../functions/kafka/read-log.ts'
import type { Stretch } from '../../functions/store/abandonment-rebuild.ts'

export interface MergedStep {
  /** Within each partition in the order of their offsets. */
  records: (LogRecord & { partition: number })[]
  /** What was read of each partition for them. */
  stretches: Stretch[]
}

/**
 * The records of the stretches: whichever partition's next record is the oldest comes first. The last step is given even
 * where it is empty.
 *
 * @throws PipelineError KAFKA_UNAVAILABLE, KAFKA_REFUSED
 */
export async function* mergeLog(
  kafka: KafkaConfig,
  { topic, stretches }: { topic: string; stretches: Stretch[] },
  recordsPerStep: number,
): AsyncGenerator<MergedStep> {
  const cursors = stretches.map((stretch) => new Cursor(readLog(kafka, { topic, ...stretch }), stretch))
  try {
    for (let isOver = false; !isOver; ) {
      const records: MergedStep['records'] = []
      while (records.length < recordsPerStep && !isOver) {
        const next = await oldest(cursors)
        if (next) records.push({ partition: next.partition, ...next.take() })
        else isOver = true
      }
      yield { records, stretches: cursors.map((cursor) => cursor.step()) }
    }
  } finally {
    await Promise.all(cursors.map((cursor) => cursor.close()))
  }
}

async function oldest(cursors: Cursor[]): Promise<Cursor | undefined> {
  await Promise.all(cursors.map((cursor) => cursor.fill()))
  const waiting = cursors.filter(({ head }) => head !== undefined)
  return waiting.reduce<Cursor | undefined>(
    (best, cursor) => (best && best.headMs <= cursor.headMs ? best : cursor),
    undefined,
  )
}

/** How far one partition was read, and the records of its page that were not taken yet. */
class Cursor {
  readonly partition: number
  readonly #pages: AsyncGenerator<LogPage>
  #page: LogRecord[] = []
  #taken = 0
  #readTo: number
  #from: number

  constructor(pages: AsyncGenerator<LogPage>, { partition, from }: Stretch) {
    this.partition = partition
    this.#pages = pages
    this.#from = this.#readTo = from
  }

  get head(): LogRecord | undefined {
    return this.#page[this.#taken]
  }

  get headMs(): number {
    return this.head?.timestamp ?? Number.POSITIVE_INFINITY
  }

  /** Fetches until there is a record, or none is left. */
  async fill(): Promise<void> {
    while (this.head === undefined) {
      const { value, done } = await this.#pages.next()
      if (done) return
      this.#page = value.records
      this.#taken = 0
      this.#readTo = value.readTo
    }
  }

  take(): LogRecord {
    return this.#page[this.#taken++] as LogRecord
  }

  /** What was taken since the last step. */
  step(): Stretch {
    const from = this.#from
    this.#from = this.head?.offset ?? this.#readTo
    return { partition: this.partition, from, to: this.#from }
  }

  async close(): Promise<void> {
    await this.#pages.return(undefined)
  }
}
