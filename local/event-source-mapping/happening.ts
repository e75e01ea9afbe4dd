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
  /** Records that no invocation can ever carry. The partition goes on behind them. */
  | { type: 'dropped'; records: OffsetsByPartition; reason: DropReason; detail: string }
  /** Polling failed; it is tried again after `delayMs`. */
  | { type: 'poll-error'; error: string; delayMs: number }
  /** The position was not in Kafka's log (retention, or a topic made anew): reading went on at `to`. */
  | { type: 'out-of-range'; partition: string; from: number | null; to: number }

/** AWS's name: https://docs.aws.amazon.com/lambda/latest/dg/with-msk-on-failure.html */
export type DropReason = 'MaximumPayloadSizeExceeded'

/** `t`: milliseconds since 1970. */
export type Happening = HappeningBody & { t: number }
