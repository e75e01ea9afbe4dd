import { describe, expect, test } from 'vitest'
import { freshnessMs } from './freshness.ts'
import { lagOf, type OffsetSample, totalLag, unseenOffsets } from './lag.ts'

const sample = (at: number, endOffset: number, committedOffset: number | null, logStartOffset = 0): OffsetSample => ({
  at,
  logStartOffset,
  endOffset,
  committedOffset,
})

describe('lag', () => {
  test.each<[string, OffsetSample[], ReturnType<typeof lagOf>]>([
    ['is unknown in seconds without a sample', [], { messages: 0, seconds: null, atLeast: false, lost: 0 }],
    ['is 0 when caught up', [sample(1000, 5, 5)], { messages: 0, seconds: 0, atLeast: false, lost: 0 }],
    [
      'counts from the log start before the first commit',
      [sample(1000, 30, null, 20)],
      { messages: 10, seconds: 9, atLeast: true, lost: 0 },
    ],
    [
      'is clamped, with the number lost, when retention overtook the group',
      [sample(1000, 30, 5, 20)],
      { messages: 10, seconds: 9, atLeast: true, lost: 15 },
    ],
    [
      'is caught up, with the number lost, when retention took all of it',
      [sample(1000, 30, 5, 30)],
      { messages: 0, seconds: 0, atLeast: false, lost: 25 },
    ],
    [
      'is at least the samples when it is older than they are',
      [sample(1000, 50, 10), sample(3000, 60, 10)],
      { messages: 50, seconds: 9, atLeast: true, lost: 0 },
    ],
    [
      'begins when the end passed the position, between two samples',
      [sample(1000, 10, 10), sample(3000, 30, 10), sample(5000, 40, 20)],
      { messages: 20, seconds: 8, atLeast: false, lost: 0 },
    ],
    [
      'begins at the last sample that was caught up',
      [sample(1000, 10, 10), sample(3000, 10, 10), sample(5000, 40, 10)],
      { messages: 30, seconds: 7, atLeast: false, lost: 0 },
    ],
    [
      'ignores what a topic held before it was made anew',
      [sample(1000, 900, 900), sample(3000, 5, null), sample(5000, 8, null)],
      { messages: 8, seconds: 7, atLeast: true, lost: 0 },
    ],
    [
      'is never negative when the commit was read after the end',
      [sample(1000, 10, 12)],
      { messages: 0, seconds: 0, atLeast: false, lost: 0 },
    ],
  ])('%s', (_, samples, expected) => {
    expect(lagOf(samples, 10_000)).toEqual(expected)
  })

  test('of a topic adds messages up and takes the slowest partition', () => {
    const lags = [
      lagOf([sample(1000, 5, 5)], 9000),
      lagOf([sample(1000, 5, 0)], 9000),
      lagOf([sample(4000, 5, 1)], 9000),
    ]
    expect(totalLag(lags)).toEqual({ messages: 9, seconds: 8, atLeast: true, lost: 0 })
    expect(totalLag([])).toBeNull()
  })
})

describe('unseen offsets', () => {
  const account = {
    startOffset: 10,
    nextOffset: 20,
    rangesAbove: [
      [22, 25],
      [30, 31],
    ] as [number, number][],
  }
  test.each<[string, number | null, number]>([
    ['none before the first commit', null, 0],
    ['none when the commit is where the account is', 20, 0],
    ['none when the commit is behind the account', 12, 0],
    ['the hole up to the commit', 22, 2],
    ['not the accounted ranges above it', 25, 2],
    ['the part of a range below the commit', 24, 2],
    ['every hole', 40, 2 + 5 + 9],
  ])('%s', (_, committed, expected) => {
    expect(unseenOffsets(account, committed)).toBe(expected)
  })
})

describe('freshness', () => {
  test.each<[string, Parameters<typeof freshnessMs>[0], number | null]>([
    ['is null when nothing is stored', null, null],
    ['counts from the Kafka timestamp', { recordMs: 4000, arrivedMs: 9000 }, 6000],
    [
      'counts from when it was stored, if the record claims to be from later',
      { recordMs: 99_000, arrivedMs: 9000 },
      1000,
    ],
    ['counts from when it was stored, if the record has no timestamp', { recordMs: -1, arrivedMs: 9000 }, 1000],
    ['is never negative', { recordMs: 11_000, arrivedMs: 12_000 }, 0],
  ])('%s', (_, newest, expected) => {
    expect(freshnessMs(newest, 10_000)).toBe(expected)
  })
})
