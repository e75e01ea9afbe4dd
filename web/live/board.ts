// All the page knows, folded from the API's answers: values in, a new value out.
import type { Bucket, EventRow, Lag, Live, LiveDeadLetter, Summary } from '../../functions/api/schemas.ts'
import { addRows, emptyFeed, type Feed } from './feed.ts'

const deadLettersHeldMax = 100
const secondsHeldMax = 900
/** Five minutes of a sample each 2 s. */
const readingsMax = 150

/** Something the server said, and when the page heard it (the page's clock, ms). */
export interface Heard<T> {
  value: T
  at: number
}

export interface Second {
  /** The beginning of the second, ms by the server's clock. */
  at: number
  events: number
  deadLetters: number
}

/** One sampling of lag, by the server's clock. */
export interface LagReading {
  at: number
  lag: Lag
}

/** The headline figures at one moment, for their small curves. */
export interface FigureReading {
  at: number
  lagSeconds: number | null
  lagMessages: number | null
  newestAgeMs: number | null
}

export interface Board {
  /** Everything up to here is in the numbers and the feed. */
  cursor: string
  /** The server's clock minus the page's, ms. */
  skewMs: number
  summary: Heard<Summary> | null
  /** Arrival of the newest event, or its Kafka time when that is earlier; ms by the server's clock. */
  newestAt: number | null
  /** Since when the summaries have come without any sample of lag, by the page's clock. */
  unsampledSince: number | null
  lag: Heard<Lag> | null
  lagReadings: LagReading[]
  figures: FigureReading[]
  feed: Feed
  /** Newest first. */
  deadLetters: LiveDeadLetter[]
  /** Ascending, one per second, none missing once asked for. */
  seconds: Second[]
  secondsAt: number | null
  /** When the server last could not go on from our cursor, so that the page began anew: another store, or rows long gone. */
  gapAt: number | null
}

export const emptyBoard: Board = {
  cursor: '0',
  skewMs: 0,
  summary: null,
  newestAt: null,
  unsampledSince: null,
  lag: null,
  lagReadings: [],
  figures: [],
  feed: emptyFeed,
  deadLetters: [],
  seconds: [],
  secondsAt: null,
  gapAt: null,
}

/** Folds one frame of the live stream that arrived at `at`. */
export function foldFrame(board: Board, frame: Live, at: number): Board {
  let next: Board = { ...board, skewMs: frame.now - at }
  const events: EventRow[] = []
  const deadLetters: LiveDeadLetter[] = []
  for (const message of frame.messages) {
    if (message.type === 'event') events.push(message.event)
    else if (message.type === 'dead-letter') deadLetters.push(message.deadLetter)
    else if (message.type === 'summary') next = withSummary(next, message.summary, at)
    else if (message.type === 'lag') next = withLag(next, message.lag, at)
    else if (message.type === 'throughput') next = withThroughput(next, message.buckets, at)
    else if (message.type === 'gap') next = { ...emptyBoard, skewMs: next.skewMs, gapAt: at }
  }
  next = withEvents(next, events, frame.skipped)
  next = withDeadLetters(next, deadLetters)
  return { ...next, cursor: frame.cursor }
}

export function withEvents(board: Board, events: EventRow[], skipped: number): Board {
  const feed = addRows(board.feed, events, skipped)
  if (feed === board.feed) return board
  const newestAt = events.reduce(
    (newest, event) => Math.max(newest, Math.min(event.record_ms, Date.parse(event.processed_at))),
    board.newestAt ?? Number.NEGATIVE_INFINITY,
  )
  return { ...board, feed, newestAt: Number.isFinite(newestAt) ? newestAt : null }
}

export function withDeadLetters(board: Board, deadLetters: LiveDeadLetter[]): Board {
  const known = new Set(board.deadLetters.map(({ id }) => id))
  const fresh = deadLetters.filter(({ id }) => !known.has(id))
  if (fresh.length === 0) return board
  const all = fresh.concat(board.deadLetters).sort((a, b) => b.id - a.id)
  return { ...board, deadLetters: all.slice(0, deadLettersHeldMax) }
}

export function withSummary(board: Board, summary: Summary, at: number): Board {
  const newestAt = summary.newestEventAgeMs === null ? null : summary.now - summary.newestEventAgeMs
  const figure: FigureReading = {
    at: summary.now,
    lagSeconds: summary.lag.seconds,
    lagMessages: summary.lag.messages,
    newestAgeMs: summary.newestEventAgeMs,
  }
  const last = board.figures.at(-1)
  const due = !last || summary.now - last.at >= 1_900
  return {
    ...board,
    skewMs: summary.now - at,
    summary: { value: summary, at },
    newestAt,
    unsampledSince: summary.sampledAt === null ? (board.unsampledSince ?? at) : null,
    figures: due ? [...board.figures, figure].slice(-readingsMax) : board.figures,
  }
}

export function withLag(board: Board, lag: Lag, at: number): Board {
  const next = { ...board, lag: { value: lag, at } }
  if (lag.sampledAt === null || lag.sampledAt === board.lagReadings.at(-1)?.at) return next
  return { ...next, lagReadings: [...board.lagReadings, { at: lag.sampledAt, lag }].slice(-readingsMax) }
}

/** Replaces seconds by their beginning: the running second comes again until it is whole. */
export function withThroughput(board: Board, buckets: Bucket[], at: number): Board {
  if (buckets.length === 0) return { ...board, secondsAt: at }
  const incoming = secondsOf(buckets)
  const first = incoming[0] as Second
  const last = incoming.at(-1) as Second
  const before = board.seconds.filter((second) => second.at < first.at)
  const after = board.seconds.filter((second) => second.at > last.at)
  return { ...board, seconds: [...before, ...incoming, ...after].slice(-secondsHeldMax), secondsAt: at }
}

/** Buckets as the API sends them, oldest first. */
export function secondsOf(buckets: Bucket[]): Second[] {
  return buckets
    .map(({ at, events, deadLetters }) => ({ at: Date.parse(at), events, deadLetters }))
    .sort((a, b) => a.at - b.at)
}

/** Milliseconds since the newest event, at a moment of the page's clock. */
export function newestAgeMs(board: Board, now: number): number | null {
  return board.newestAt === null ? null : Math.max(0, now + board.skewMs - board.newestAt)
}
