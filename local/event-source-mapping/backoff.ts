// How long a failed batch waits before it is tried again.

/** Milliseconds. */
export interface Backoff {
  min: number
  max: number
}

/**
 * Not documented by AWS. We choose 1 s doubling to 30 s: a store that restarts is met within seconds, and one that is
 * down for an hour is not hammered.
 */
export const retryBackoffDefault: Backoff = { min: 1_000, max: 30_000 }

/** Milliseconds to wait after the `failures`-th failure in a row, which counts from 1. */
export function backoffMs(failures: number, { min, max }: Backoff): number {
  // 2 ** 1024 is Infinity, which min() turns into `max`.
  return Math.min(max, min * 2 ** (failures - 1))
}
