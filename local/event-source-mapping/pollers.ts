// Decides how many event pollers a mapping has: `(pollers, what was seen, limits) -> pollers`.
//
// A poller is five invocations at once. AWS looks at the lag every minute and adds or removes pollers within three, never
// more than the topic has partitions: https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html. By how many,
// and what counts as enough, is not documented. Our choice: as many again while every slot is taken and records wait,
// and half of them after three minutes in a row in which that was not so. A throttle halves them at once.

/** https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html */
export const invocationsPerPoller = 5
export const lookEveryMs = 60_000
const quietLooksMax = 3

export interface Pollers {
  count: number
  /** Looks in a row at which fewer would have done. */
  quietLooks: number
}

export interface PollerLimits {
  min: number
  max: number
  /** That are assigned. */
  partitions: number
}

/** What was seen since the last look. */
export interface Load {
  /** Some batch was due and had to wait for another's end. */
  wasShort: boolean
  wasThrottled: boolean
}

/** Never none, and never more than there are partitions. */
export function withinLimits(count: number, { min, max, partitions }: PollerLimits): number {
  const most = Math.max(1, Math.min(max, partitions))
  return Math.min(Math.max(count, min), most)
}

/** The pollers after a look. With `min` equal to `max` they never change. */
export function scalePollers({ count, quietLooks }: Pollers, load: Load, limits: PollerLimits): Pollers {
  const now = withinLimits(count, limits)
  if (load.wasThrottled) return { count: withinLimits(Math.ceil(now / 2), limits), quietLooks: 0 }
  if (load.wasShort) return { count: withinLimits(now * 2, limits), quietLooks: 0 }
  if (quietLooks + 1 < quietLooksMax) return { count: now, quietLooks: quietLooks + 1 }
  return { count: withinLimits(Math.ceil(now / 2), limits), quietLooks: 0 }
}
