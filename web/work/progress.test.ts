import { expect, it } from 'vitest'
import type { RedriveRow } from '../../functions/api/schemas/redrives.ts'
import { progressWords, settledOf } from './progress.ts'

const redrive = (change: Partial<RedriveRow>) =>
  ({
    stored: 0,
    duplicate: 0,
    noise: 0,
    failed: 0,
    gone: 0,
    cancelled: 0,
    sent: 0,
    waiting: 0,
    ...change,
  }) as RedriveRow

it('says where each record stands, and leaves out where none does', () => {
  const half = redrive({ records: 12, stored: 5, failed: 1, sent: 8, waiting: 4 })
  expect(progressWords(half)).toBe('12\u00a0records: 5 stored, 1 failed again, 2 on the way back, 4 to be sent')
  expect(settledOf(half)).toBe(6)
  expect(progressWords(redrive({ records: 1, duplicate: 1, sent: 1 }))).toBe('1\u00a0record: 1 known already')
})
