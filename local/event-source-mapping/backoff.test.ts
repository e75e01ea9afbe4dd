import { expect, it } from 'vitest'
import { backoffMs, retryBackoffDefault } from './backoff.ts'

it('doubles from 1 s to 30 s and stays there, however often it failed', () => {
  const delays = [1, 2, 3, 4, 5, 6, 7, 5_000].map((failures) => backoffMs(failures, retryBackoffDefault))
  expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
})
