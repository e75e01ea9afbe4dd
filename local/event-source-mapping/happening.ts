// What a mapping tells whoever watches it: one value for each thing that happened.

/** Offsets by Lambda's name of a partition, `<topic>-<partition>`. */
export type OffsetsByPartition = Record<string, number[]>

export type HappeningBody =
  /** A rebalance is over: these partitions are ours now. `lost` are the ones that were, and are not any more. */
  | { type: 'assigned'; partitions: string[]; lost: string[] }
  | { type: 'invoke'; batch: number; records: OffsetsByPartition; attempt: number; count: number; bytes: number }
  | {
      type: 'result'
      batch: number
      records: OffsetsByPartition
      attempt: number
      durationMs: number
      outcome: 'ok' | 'partial' | 'error' | 'throttled'
      /** Of a partial answer: what it named. */
      failed?: OffsetsByPartition
      error?: string
      /** The function's own answer as JSON text, when it gave one. */
      answer?: string
    }
  /** The batch, or what is left of it, is tried again. A throttle is no attempt: `attempt` stays. */
  | { type: 'retry'; batch: number; records: OffsetsByPartition; attempt: number; delayMs: number; error: string }
  /** Next offsets, as Kafka counts them: 5004 when 5003 was the last one resolved. */
  | { type: 'commit'; offsets: Record<string, number> }
  | { type: 'commit-error'; offsets: Record<string, number>; error: string }
  /** The batch, or a part of it, is cut in two after an error; the first half is tried after `delayMs`, then the second. */
  | {
      type: 'bisect'
      batch: number
      records: OffsetsByPartition
      /** Counts on in both halves: a cut is no attempt. */
      attempt: number
      into: [OffsetsByPartition, OffsetsByPartition]
      delayMs: number
      error: string
    }
  /** Records that no filter lets through. They are committed with what lies before them. */
  | { type: 'filtered'; records: OffsetsByPartition }
  /** Records that are given up were taken by the on-failure destination. The partition goes on behind them. */
  | { type: 'onFailure'; records: OffsetsByPartition; condition: GiveUpCondition; destination: string }
  /** Records that are given up and lost. The partition goes on behind them. */
  | {
      type: 'dropped'
      records: OffsetsByPartition
      reason: GiveUpCondition
      detail: string
      /** There is an on-failure destination, and it did not take them. */
      deliveryError?: string
    }
  /** A fetch brought this many records of a partition, those that are filtered out included, with `bytes` of keys and values. */
  | { type: 'polled'; partition: string; count: number; bytes: number }
  /** Polling failed; it is tried again after `delayMs`. */
  | { type: 'poll-error'; error: string; delayMs: number }
  /** The position was not in Kafka's log (retention, or a topic made anew): reading went on at `to`. */
  | { type: 'out-of-range'; partition: string; from: number | null; to: number }

/**
 * Why records are given up, in AWS's names: https://docs.aws.amazon.com/lambda/latest/dg/with-msk-on-failure.html.
 * The name for an old record is not documented: our choice.
 */
export type GiveUpCondition =
  | 'MaximumPayloadSizeExceeded'
  | 'RetryAttemptsExhausted'
  | 'RecordAgeExceeded'
  | 'SCHEMA_NOT_FOUND'
  | 'DESERIALIZATION_ERROR'

/** `t`: milliseconds since 1970. */
export type Happening = HappeningBody & { t: number }
