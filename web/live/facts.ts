// Turns what the page knows into the facts that the verdict is judged from.
import type { Facts, LocalFacts, SummaryFacts } from '../../functions/status/facts.ts'
import type { LocalStatus } from '../api.ts'
import { backlogTrend, stalledPartition } from './backlog.ts'
import { type Board, newestAgeMs } from './board.ts'
import type { Connection } from './connection.ts'

export function factsOf(board: Board, connection: Connection, local: LocalStatus | null, now: number): Facts {
  const periodMs = board.summary?.value.samplePeriodMs ?? 0
  return {
    now,
    connection: {
      state: connection.lostAt !== null ? 'lost' : connection.heardAt === null ? 'connecting' : 'live',
      silentMs: connection.heardAt === null ? null : now - connection.heardAt,
      lostMs: connection.noticedAt === null ? 0 : now - connection.noticedAt,
      storeUnavailable: connection.failure === 'store',
    },
    summary: summaryFacts(board, now),
    local: local && localFacts(local),
    stalled: stalledPartition(board.lagReadings, periodMs),
    lagMessagesPerSecond: backlogTrend(board.figures, periodMs),
  }
}

function summaryFacts(board: Board, now: number): SummaryFacts | null {
  if (board.summary === null) return null
  const { value } = board.summary
  const serverNow = now + board.skewMs
  return {
    ...value,
    newestEventAgeMs: newestAgeMs(board, now),
    unsampledMs: board.unsampledSince === null ? 0 : now - board.unsampledSince,
    sampledAgeMs: value.sampledAt === null ? null : Math.max(0, serverNow - value.sampledAt),
  }
}

function localFacts({ producer, mappings }: LocalStatus): LocalFacts {
  return {
    producer,
    partitions: mappings.flatMap((mapping) =>
      mapping.partitions.map(({ partition, attempt, nextAttemptAt, lastError, offset, committedOffset }) => ({
        consumer: mapping.function,
        topic: mapping.topic,
        partition,
        offset: offset ?? committedOffset,
        attempt,
        nextAttemptAt,
        lastError,
      })),
    ),
  }
}
