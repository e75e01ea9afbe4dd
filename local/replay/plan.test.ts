// A replay goes back to where its user says, and never past what is to be accounted for.
import { expect, it } from 'vitest'
import { parseFrom } from './from.ts'
import { planReplay, recordsAgain, recordsRead } from './plan.ts'

const partitions = [
  { partition: 0, logStartOffset: 10, endOffset: 100, committedOffset: 50 },
  { partition: 1, logStartOffset: 0, endOffset: 100, committedOffset: null },
  { partition: 2, logStartOffset: 0, endOffset: 100, committedOffset: 100 },
]
const targets = (from: string, offsetsAt?: Map<number, number>) =>
  planReplay(parseFrom(from), partitions, offsetsAt).map(({ target }) => target)

it('goes back to the beginning of what Kafka still holds', () => {
  expect(targets('earliest')).toEqual([10, null, 0])
})

it('goes back to a moment, and stays where the moment is ahead of the group', () => {
  const offsetsAt = new Map([
    [0, 60],
    [1, 5],
    [2, 70],
  ])
  expect(targets('2026-11-23T10:00:00', offsetsAt)).toEqual([null, null, 70])
})

it('goes back to named offsets, not below what Kafka holds, and leaves the other partitions', () => {
  expect(targets('0:3, 2:99')).toEqual([10, null, 99])
  expect(planReplay(parseFrom('0:3'), partitions)[0]?.note).toBe('Kafka holds nothing before 10')
  expect(targets('0:50')).toEqual([null, null, null])
})

it('refuses a partition that does not exist', () => {
  expect(() => targets('7:1')).toThrow('CONFIG_INVALID: --from: there is no partition 7')
})

it('knows how much is to be read again, and how much was', () => {
  const plans = planReplay(parseFrom('earliest'), partitions)
  expect(recordsAgain(plans)).toBe(140)
  const [first, second, third] = partitions as [(typeof partitions)[0], (typeof partitions)[0], (typeof partitions)[0]]
  const committed = (zero: number, two: number) => [
    { ...first, committedOffset: zero },
    second,
    { ...third, committedOffset: two },
  ]
  expect(recordsRead(plans, committed(10, 0))).toBe(0)
  expect(recordsRead(plans, committed(30, 100))).toBe(120)
  expect(recordsRead(plans, committed(90, 130))).toBe(140)
})

it.each([
  ['2026-11-23', Date.UTC(2026, 10, 23)],
  ['2026-11-23T10:30', Date.UTC(2026, 10, 23, 10, 30)],
  ['2026-11-23T10:30:00+10:00', Date.UTC(2026, 10, 23, 0, 30)],
])('reads the moment %s', (text, ms) => {
  expect(parseFrom(text)).toEqual({ kind: 'time', ms })
})

it.each(['', 'latest', '0', '0:', '0:-1', '2026-02-30', '1:2,x'])('refuses "%s" as a place', (text) => {
  expect(() => parseFrom(text)).toThrow('CONFIG_INVALID: --from: expected earliest, an ISO time or partition:offset')
})
