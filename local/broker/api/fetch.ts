// Fetch: record batches from an offset on, as bytes; waits for more when there are not enough.
import { batchBytesAt, lastOffsetAt } from '../log/batch.ts'
import type { PartitionLog } from '../log/log.ts'
import { errorCode } from '../protocol/error-codes.ts'
import {
  int8,
  int16,
  int32,
  int64,
  list,
  listOf,
  type ReadOf,
  records,
  string,
  struct,
  uuid,
} from '../protocol/schema.ts'
import type { BrokerState } from '../state.ts'
import { type Call, defineApi, readCommitted } from './api.ts'

const request = {
  clusterId: string({ since: 12, nullable: 12, tag: 0 }),
  replicaId: int32({ until: 14, absent: -1 }),
  replicaState: struct({ replicaId: int32(), replicaEpoch: int64() }, { since: 15, tag: 1 }),
  maxWaitMs: int32(),
  minBytes: int32(),
  maxBytes: int32({ since: 3, absent: 0x7fff_ffff }),
  isolationLevel: int8({ since: 4 }),
  sessionId: int32({ since: 7 }),
  sessionEpoch: int32({ since: 7, absent: -1 }),
  topics: list({
    name: string({ until: 12 }),
    topicId: uuid({ since: 13 }),
    partitions: list({
      partition: int32(),
      currentLeaderEpoch: int32({ since: 9, absent: -1 }),
      fetchOffset: int64(),
      lastFetchedEpoch: int32({ since: 12, absent: -1 }),
      logStartOffset: int64({ since: 5, absent: -1 }),
      maxBytes: int32(),
      replicaDirectoryId: uuid({ since: 17, tag: 0 }),
    }),
  }),
  forgottenTopics: list(
    {
      name: string({ until: 12 }),
      topicId: uuid({ since: 13 }),
      partitions: listOf(int32()),
    },
    { since: 7 },
  ),
  rackId: string({ since: 11 }),
}

export const fetch = defineApi({
  name: 'Fetch',
  key: 1,
  versions: [4, 17],
  flexibleSince: 12,
  request,
  response: {
    throttleTimeMs: int32({ since: 1, absent: 0 }),
    errorCode: int16({ since: 7, absent: 0 }),
    /** 0: no session is kept, so every request names all of its partitions (KIP-227 allows the refusal). */
    sessionId: int32({ since: 7, absent: 0 }),
    responses: list({
      name: string({ until: 12 }),
      topicId: uuid({ since: 13 }),
      partitions: list({
        partitionIndex: int32(),
        errorCode: int16(),
        highWatermark: int64(),
        lastStableOffset: int64({ since: 4 }),
        logStartOffset: int64({ since: 5 }),
        abortedTransactions: list(
          { producerId: int64(), firstOffset: int64() },
          { since: 4, nullable: 4, absent: null },
        ),
        preferredReadReplica: int32({ since: 11, absent: -1 }),
        records: records({ nullable: 0 }),
      }),
    }),
  },
  handle(broker, request, call) {
    if (request.sessionId !== 0) return { errorCode: errorCode.FETCH_SESSION_ID_NOT_FOUND, responses: [] }
    const wanted = request.topics.map((topic) => wantedOf(broker, topic, call.version))
    const bytesMax = Math.min(request.maxBytes, responseBytesMax, broker.bufferedBytesMax - broker.outboundBytes)
    const committedOnly = request.isolationLevel === readCommitted
    const found = collect(wanted, bytesMax, committedOnly, call.lend)
    if (found.bytes >= request.minBytes || found.failed || request.maxWaitMs <= 0) return { responses: found.responses }
    const logs = wanted.flatMap((topic) => topic.partitions.flatMap(({ log }) => log ?? []))
    return moreBytes(logs, request.minBytes - found.bytes, request.maxWaitMs, committedOnly, call.signal).then(() => {
      return call.signal.aborted ? null : { responses: collect(wanted, bytesMax, committedOnly, call.lend).responses }
    })
  },
})

type FetchRequest = ReadOf<typeof request>
type FetchTopic = FetchRequest['topics'][number]

interface WantedPartition {
  partition: number
  offset: number
  bytesMax: number
  /** Undefined when there is no such partition. */
  log: PartitionLog | undefined
}

interface WantedTopic {
  name: string
  topicId: string
  /** The error for a partition that does not exist. */
  unknown: number
  partitions: WantedPartition[]
}

/** fetch.max.bytes of the broker: an upper bound whatever the client asks. */
const responseBytesMax = 57_671_680

function wantedOf(broker: BrokerState, { name, topicId, partitions }: FetchTopic, version: number): WantedTopic {
  const topic = version >= 13 ? broker.topics.withId(topicId) : broker.topics.named(name)
  const unknown = version >= 13 && !topic ? errorCode.UNKNOWN_TOPIC_ID : errorCode.UNKNOWN_TOPIC_OR_PARTITION
  const wanted = partitions.map(({ partition, fetchOffset, maxBytes }) => {
    return { partition, offset: fetchOffset, bytesMax: maxBytes, log: topic?.partitions[partition] }
  })
  return { name, topicId, unknown, partitions: wanted }
}

/**
 * What there is now. The first partition that has anything gives at least one batch, so that a batch larger than the
 * limits does not stop its readers for ever.
 */
function collect(wanted: readonly WantedTopic[], bytesMaxInAll: number, committedOnly: boolean, lend: Call['lend']) {
  let left = bytesMaxInAll
  let bytes = 0
  let failed = false
  const responses = wanted.map(({ name, topicId, unknown, partitions }) => ({
    name,
    topicId,
    partitions: partitions.map(({ partition, offset, bytesMax, log }) => {
      const outOfRange = log && (offset < log.startOffset || offset > log.endOffset)
      if (!log || log.closed || outOfRange) {
        failed = true
        return failure(partition, log && !log.closed ? errorCode.OFFSET_OUT_OF_RANGE : unknown)
      }
      const end = committedOnly ? log.stableOffset : log.endOffset
      const records = log.read(offset, Math.max(0, Math.min(bytesMax, left)), bytes === 0, end, lend)
      bytes += records.length
      left -= records.length
      const { endOffset, stableOffset, startOffset } = log
      const offsets = { highWatermark: endOffset, lastStableOffset: stableOffset, logStartOffset: startOffset }
      const abortedTransactions = committedOnly ? log.abortedBetween(offset, endOf(records, offset)) : null
      return { partitionIndex: partition, errorCode: errorCode.NONE, ...offsets, abortedTransactions, records }
    }),
  }))
  return { responses, bytes, failed }
}

/** Offset after the last of `records`. */
function endOf(records: Buffer, offset: number): number {
  let end = offset
  for (let at = 0; at < records.length; at += batchBytesAt(records, at)) end = lastOffsetAt(records, at) + 1
  return end
}

function failure(partitionIndex: number, code: number) {
  const offsets = { highWatermark: -1, lastStableOffset: -1, logStartOffset: -1 }
  return { partitionIndex, errorCode: code, ...offsets, records: Buffer.alloc(0) }
}

/**
 * Resolves in the tick in which `bytes` more have been appended, when time is up, or when the client is gone. For a
 * reader of committed records nothing counts until a transaction ends, and then everything before.
 */
function moreBytes(
  logs: readonly PartitionLog[],
  bytes: number,
  waitMs: number,
  committedOnly: boolean,
  signal: Call['signal'],
): Promise<void> {
  return new Promise((resolve) => {
    let missing = bytes
    const wake = (appended: number, stableMoved: boolean) => {
      missing -= appended
      if (committedOnly ? stableMoved : missing <= 0) done()
    }
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      for (const log of logs) log.watchers.delete(wake)
      resolve()
    }
    const timer = setTimeout(done, waitMs)
    signal.addEventListener('abort', done)
    for (const log of logs) log.watchers.add(wake)
  })
}
