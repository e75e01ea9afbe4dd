import { describe, expect, test } from 'vitest'
import { parseRate } from './rate.ts'

describe('rate notation', () => {
  test.each([
    ['rate(1 minute)', 60_000],
    ['rate(5 minutes)', 300_000],
    ['rate(1 hour)', 3_600_000],
    ['rate(2 hours)', 7_200_000],
    ['rate(366 days)', 366 * 86_400_000],
  ])('%s is %d ms', (notation, ms) => {
    expect(parseRate(notation)).toBe(ms)
  })

  test.each([
    'rate(0 minutes)',
    'rate(30 seconds)',
    'rate(1.5 hours)',
    'rate(-1 minute)',
    'rate(367 days)',
    'rate(1minute)',
    'cron(0 12 * * ? *)',
    '',
  ])('%s is refused with what was expected', (notation) => {
    expect(() => parseRate(notation)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', hint: expect.stringContaining('rate(n minutes)') }),
    )
  })
})
