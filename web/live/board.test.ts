import { describe, expect, it } from 'vitest'
import type { EventRow, Lag, Live, LiveDeadLetter, LiveMessage, Summary } from '../../functions/api/schemas.ts'
import { backlogTrend, partitionTrend, stalledPartition } from './backlog.ts'
import { type Board, emptyBoard, foldFrame, newestAgeMs } from './board.ts'

/** The server's clock is five seconds ahead of the page's. */
const pageNow = 1_000_000
const serverNow = pageNow + 5_000

function frame(messages: LiveMessage[], cursor = '1', now = serverNow, skipped = 0): Live {
  return { cursor, now, skipped, messages }
}

function event(seq: number, recordMs: number, storedMs: number): LiveMessage {
  const row = {
    seq,
    event_id: `e${seq}`,
    record_ms: recordMs,
    processed_at: new Date(storedMs).toISOString(),
  } as EventRow
  return { type: 'event', event: row }
}

const letter = (id: number): LiveMessage => ({ type: 'dead-letter', deadLetter: { id } as LiveDeadLetter })

function throughput(seconds: [at: number, events: number][]): LiveMessage {
  const buckets = seconds.map(([at, events]) => ({ at: new Date(at * 1000).toISOString(), events, deadLetters: 0 }))
  return { type: 'throughput', buckets }
}

describe('the board', () => {
  it('moves its cursor with the rows it shows', () => {
    const board = foldFrame(emptyBoard, frame([event(7, serverNow, serverNow)], '7'), pageNow)
    expect(board.cursor).toBe('7')
    expect(board.feed.rows[0]?.seq).toBe(7)
  })

  it('ages the newest event by the server’s clock, and lets it grow older by itself', () => {
    const board = foldFrame(emptyBoard, frame([event(1, serverNow - 300, serverNow - 100)]), pageNow)
    expect(newestAgeMs(board, pageNow)).toBe(300)
    expect(newestAgeMs(board, pageNow + 60_000)).toBe(60_300)
  })

  it('takes a future-stamped event as no fresher than its arrival', () => {
    const board = foldFrame(emptyBoard, frame([event(1, serverNow + 240_000, serverNow - 2_000)]), pageNow)
    expect(newestAgeMs(board, pageNow)).toBe(2_000)
  })

  it('takes a replayed event as old as its record', () => {
    const board = foldFrame(emptyBoard, frame([event(1, serverNow - 86_400_000, serverNow)]), pageNow)
    expect(newestAgeMs(board, pageNow)).toBe(86_400_000)
  })

  it('replaces a second that was still running, and keeps one row per second', () => {
    const first = foldFrame(
      emptyBoard,
      frame([
        throughput([
          [100, 10],
          [101, 4],
        ]),
      ]),
      pageNow,
    )
    const board = foldFrame(
      first,
      frame([
        throughput([
          [101, 9],
          [102, 1],
        ]),
      ]),
      pageNow,
    )
    expect(board.seconds.map(({ at, events }) => [at / 1000, events])).toEqual([
      [100, 10],
      [101, 9],
      [102, 1],
    ])
  })

  it('keeps dead letters once each, newest first, and a bounded number of them', () => {
    const many = Array.from({ length: 300 }, (_, i) => letter(i + 1))
    const board = foldFrame(foldFrame(emptyBoard, frame(many), pageNow), frame([letter(300), letter(301)]), pageNow)
    expect(board.deadLetters).toHaveLength(100)
    expect(board.deadLetters.slice(0, 2).map(({ id }) => id)).toEqual([301, 300])
  })

  it('starts the feed anew when the store does not know our cursor', () => {
    const before = foldFrame(emptyBoard, frame([event(900, serverNow, serverNow)], '900'), pageNow)
    const board = foldFrame(
      before,
      frame([{ type: 'gap', from: '900', to: '3' }, event(3, serverNow, serverNow)], '3'),
      pageNow,
    )
    expect(board.feed.rows.map(({ seq }) => seq)).toEqual([3])
    expect(board.cursor).toBe('3')
  })
})

describe('the backlog', () => {
  /** A sample each 2 s of one partition. */
  function sampled(samples: [messages: number, committed: number][]): Board {
    return samples.reduce((board, [messages, committedOffset], i) => {
      const at = serverNow + i * 2_000
      const partition = {
        partition: 2,
        endOffset: committedOffset + messages,
        committedOffset,
        messages,
        seconds: null,
        lost: 0,
      }
      const lag: Lag = { sampledAt: at, groups: [{ group: 'g', topic: 't', partitions: [partition] }] }
      const summary = { now: at, newestEventAgeMs: null, lag: { messages, seconds: null, atLeast: false } } as Summary
      return foldFrame(
        board,
        frame(
          [
            { type: 'lag', lag },
            { type: 'summary', summary },
          ],
          '1',
          at,
        ),
        pageNow + i * 2_000,
      )
    }, emptyBoard)
  }
  const key = { group: 'g', topic: 't', partition: 2 }

  it('reads how fast it shrinks, of the whole and of one partition', () => {
    const board = sampled([
      [1000, 0],
      [924, 100],
      [848, 200],
      [772, 300],
    ])
    expect(backlogTrend(board.figures, 2_000)).toBeCloseTo(-38)
    expect(partitionTrend(board.lagReadings, key, 2_000)).toBeCloseTo(-38)
  })

  it('says nothing from two samples', () => {
    expect(
      backlogTrend(
        sampled([
          [10, 0],
          [0, 10],
        ]).figures,
        2_000,
      ),
    ).toBeNull()
  })

  it('calls a partition stalled when its commit stands still while messages wait, and not before 10 s', () => {
    const still: [number, number][] = [
      [5, 77],
      [9, 77],
      [12, 77],
      [20, 77],
      [31, 77],
      [40, 77],
    ]
    expect(stalledPartition(sampled(still.slice(0, 5)).lagReadings, 2_000)).toBeNull()
    expect(stalledPartition(sampled(still).lagReadings, 2_000)).toEqual({
      topic: 't',
      partition: 2,
      offset: 77,
      forMs: 10_000,
    })
  })

  it('does not call it stalled when it moves, or when nothing waits', () => {
    const moving = Array.from({ length: 9 }, (_, i): [number, number] => [500, i])
    const idle = Array.from({ length: 9 }, (): [number, number] => [0, 77])
    const justCame = [...idle, [5, 77]] as [number, number][]
    expect(stalledPartition(sampled(moving).lagReadings, 2_000)).toBeNull()
    expect(stalledPartition(sampled(justCame).lagReadings, 2_000)).toBeNull()
    expect(stalledPartition(sampled(idle).lagReadings, 2_000)).toBeNull()
  })

  it('keeps a bounded number of samples', () => {
    const board = sampled(Array.from({ length: 400 }, (_, i): [number, number] => [1, i]))
    expect(board.lagReadings.length).toBe(150)
    expect(board.figures.length).toBe(150)
  })
})
