// What the verdict is judged from, and what it says. Every age is already counted up to the moment of judging.

export interface Facts {
  /** Milliseconds since 1970, the page's clock; for countdowns only. */
  now: number
  connection: ConnectionFacts
  /** null: nothing has been heard yet. */
  summary: SummaryFacts | null
  /** What only a local stage knows; null elsewhere. */
  local: LocalFacts | null
  /** A partition whose commit stands still while messages wait; inferred from offsets, so it works on any Kafka. */
  stalled: { topic: string; partition: number; offset: number; forMs: number } | null
  /** How fast the backlog grows (above 0) or shrinks (below 0); null until there are enough samples to tell. */
  lagMessagesPerSecond: number | null
}

export interface ConnectionFacts {
  state: 'connecting' | 'live' | 'lost'
  /** Milliseconds since the last word from the server; null: none yet. */
  silentMs: number | null
  /** Milliseconds since the connection was found to be lost; 0 while it is not. */
  lostMs: number
  /** The server answers, and says that its store does not. */
  storeUnavailable: boolean
}

export interface SummaryFacts {
  events: number
  deadLetters: number
  eventsPerSecond: number
  errorRate: number | null
  lag: { messages: number | null; seconds: number | null; atLeast: boolean }
  /** By the earlier of Kafka's timestamp and the time stored, so a future-stamped event is no fresher than its arrival. */
  newestEventAgeMs: number | null
  /** Milliseconds since the lag was last sampled; null: never. */
  sampledAgeMs: number | null
  /** How long a first sample has been waited for; 0 once there is one. A pipeline that starts is not a dead sampler. */
  unsampledMs: number
  samplePeriodMs: number
  balanced: boolean
  complaints: string[]
  thresholds: { lagSeconds: number; errorRate: number; newestEventAgeSeconds: number }
}

export interface LocalFacts {
  producer: 'running' | 'paused' | 'off'
  partitions: LocalPartition[]
}

/** One partition as its event source mapping sees it. */
export interface LocalPartition {
  /** The function that is invoked. */
  consumer: string
  topic: string
  partition: number
  /** Where the retried batch begins; null when the mapping does not say. */
  offset: number | null
  /** Which attempt runs or comes next; 1 is the first. */
  attempt: number
  /** Milliseconds since 1970; null when no retry is waiting. */
  nextAttemptAt: number | null
  lastError: string | null
}

export type VerdictKind =
  | 'disconnected'
  | 'store-unavailable'
  | 'stuck'
  | 'unbalanced'
  | 'unknown'
  | 'empty'
  | 'falling-behind'
  | 'catching-up'
  | 'producer-stopped'
  | 'quiet'
  | 'flowing'

/** Health has no colour: `calm` is plain ink. `idle` is nothing to do, `warn` late but moving, `bad` will not mend by itself. */
export type Tone = 'calm' | 'idle' | 'warn' | 'bad'

/** What the page can do about it at the press of a button. */
export type VerdictAction = 'start-producer'

export interface Verdict {
  kind: VerdictKind
  tone: Tone
  /** One sentence or two, for the top of the page. */
  headline: string
  /** A few words, for the tab's title. */
  short: string
  /** How we know; at most four. */
  evidence: string[]
  /** What to do, or that nothing is to be done. */
  next: string
  actions: VerdictAction[]
}
