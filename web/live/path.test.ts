import { expect, it } from 'vitest'
import type { Lag } from '../../functions/api/schemas.ts'
import type { LocalStatus } from '../api.ts'
import { type Board, emptyBoard } from './board.ts'
import { pathOf } from './path.ts'

const lagAt = (endOffset: number, committedOffset: number): Lag => {
  const partition = {
    partition: 0,
    endOffset,
    committedOffset,
    messages: endOffset - committedOffset,
    seconds: 0,
    lost: 0,
  }
  return { sampledAt: 0, groups: [{ group: 'shop', topic: 'retail-events', partitions: [partition] }] }
}

const sampled = (...readings: [at: number, end: number, committed: number][]): Board => {
  const lagReadings = readings.map(([at, end, committed]) => ({ at, lag: lagAt(end, committed) }))
  return { ...emptyBoard, lagReadings, lag: { value: lagAt(0, 0), at: 0 } }
}

const local = (attempt: number, lastError: string | null) =>
  ({
    producer: 'running',
    mappings: [
      {
        function: 'consumer',
        group: 'shop',
        topic: 'retail-events',
        partitions: [{ buffered: 7, inFlight: 3, attempt, lastError }],
      },
    ],
  }) as unknown as LocalStatus

const figures = (board: Board, stage: LocalStatus | null) =>
  Object.fromEntries(pathOf(board, stage, 1_000, 1_000).map(({ name, figure }) => [name, figure]))

it('shows what comes in and what is committed as rates over the last ten seconds', () => {
  const board = sampled([0, 0, 0], [2_000, 100, 20], [12_000, 600, 220])
  expect(figures(board, local(1, null))).toMatchObject({ Topic: '50.0/s', Function: '20.0/s', Mapping: '7 waiting' })
})

it('knows no rate from one sample, and none below zero when a topic was made anew', () => {
  expect(figures(sampled([0, 10, 10]), null).Topic).toBe('–')
  expect(figures(sampled([0, 900, 900], [2_000, 10, 10]), null).Topic).toBe('0.0/s')
})

it('leaves out what only a local stage knows where there is none', () => {
  expect(Object.keys(figures(emptyBoard, null))).toEqual(['Topic', 'Store', 'You'])
})

it('marks the mapping while a batch is retried', () => {
  const tone = (stage: LocalStatus) => pathOf(emptyBoard, stage, null, 0).find(({ name }) => name === 'Mapping')?.tone
  expect(tone(local(1, null))).toBe('')
  expect(tone(local(2, 'STORE_BUSY'))).toBe('bad')
})
