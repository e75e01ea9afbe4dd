// Publishes lines of events batch by batch, in their order, and says of each refused one why.
import type { PipelineError } from '../../functions/errors.ts'
import type { Place } from './bookmark.ts'
import type { Line } from './lines.ts'

/** What became of a batch's events, in their order; a fault means that none of the valid ones was acknowledged. */
export type PublishBatch = (
  events: { value: unknown; text: string }[],
) => Promise<{ accepted: number; results: { index: number; error?: string }[]; fault?: PipelineError }>

export interface SendOptions {
  publish: PublishBatch
  /** Told after every batch, when all of it is acknowledged or refused. */
  onPlace(place: Place): Promise<void> | void
  onRefused(lineNumber: number, why: string): void
  /** Waits before a batch is tried again. */
  pause(ms: number): Promise<void>
}

const eventsMax = 1_000
const batchBytesMax = 900_000
/** One event alone in a batch: what Kafka takes by default is 1 MB with the batch around it. */
export const lineBytesMax = batchBytesMax
/** A broker that restarts is back within this; then the sending stops, and can be resumed. */
const attemptsMax = 20
const pauseMs = 500

interface Gathered {
  number: number
  text: string
  value: unknown
}

/**
 * Sends the lines from `place` on; empty ones are passed over. The next batch is read while one is on its way.
 *
 * @throws PipelineError what publishing failed with, when it went on failing
 */
export async function sendLines(lines: AsyncIterable<Line>, place: Place, options: SendOptions): Promise<Place> {
  let now = { ...place }
  let batch: Gathered[] = []
  let bytes = 0

  function refuse(number: number, why: string): void {
    now.refused++
    options.onRefused(number, why)
  }

  async function flush(): Promise<void> {
    const { accepted, results } =
      batch.length === 0 ? { accepted: 0, results: [] } : await publishPatiently(batch, options)
    for (const { index, error } of results) if (error !== undefined) refuse(batch[index]?.number ?? 0, error)
    now = { ...now, sent: now.sent + accepted }
    batch = []
    bytes = 0
    await options.onPlace(now)
  }

  for await (const { number, bytes: content, end } of lines) {
    const read = readEvent(content)
    if (typeof read === 'string') refuse(number, read)
    else if (read) {
      if (bytes + (content?.length ?? 0) > batchBytesMax) await flush()
      batch.push({ number, ...read })
      bytes += content?.length ?? 0
    }
    now = { ...now, lines: number, bytes: end }
    if (batch.length >= eventsMax) await flush()
  }
  await flush()
  return now
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The event, a reason why it is none, or null for an empty line. */
function readEvent(content: Uint8Array | null): { value: unknown; text: string } | string | null {
  if (content === null) return 'BODY_TOO_LARGE: the line is longer than 900,000 bytes'
  try {
    const text = utf8.decode(content).trim()
    return text === '' ? null : { value: parse(text), text }
  } catch {
    return 'NOT_UTF8: the line is not UTF-8'
  }
}

/** undefined stands for what is no JSON; the judge says so. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function publishPatiently(batch: Gathered[], { publish, pause }: SendOptions): ReturnType<PublishBatch> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await publish(batch)
    // None valid is no fault here: each line says for itself what is wrong with it.
    if (!outcome.fault || outcome.fault.code === 'EVENTS_REFUSED') return outcome
    if (!outcome.fault.retriable || attempt >= attemptsMax) throw outcome.fault
    await pause(pauseMs)
  }
}
