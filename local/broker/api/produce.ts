// Produce: appends record batches. The answer comes after the write, so what it acknowledges survives kill -9.
import { headerBytes, readHeader } from '../log/batch.ts'
import type { PartitionLog } from '../log/log.ts'
import { errorCode } from '../protocol/error-codes.ts'
import { int16, int32, int64, list, records, string, struct } from '../protocol/schema.ts'
import type { BrokerState } from '../state.ts'
import { defineApi } from './api.ts'
import { partitionKey } from './transactional.ts'

export const produce = defineApi({
  name: 'Produce',
  key: 0,
  // Kafka 4 announces versions 0 to 2 as well, because librdkafka decides by them which codecs it may use (KAFKA-18659).
  versions: [0, 11],
  flexibleSince: 9,
  request: {
    transactionalId: string({ since: 3, nullable: 3 }),
    acks: int16(),
    timeoutMs: int32(),
    topics: list({
      name: string(),
      partitions: list({ index: int32(), records: records({ nullable: 0 }) }),
    }),
  },
  response: {
    responses: list({
      name: string(),
      partitions: list({
        index: int32(),
        errorCode: int16(),
        baseOffset: int64(),
        /** -1: the topic keeps the producer's times. */
        logAppendTimeMs: int64({ since: 2, absent: -1 }),
        logStartOffset: int64({ since: 5, absent: -1 }),
        recordErrors: list({ batchIndex: int32(), message: string({ nullable: 8 }) }, { since: 8, absent: [] }),
        errorMessage: string({ since: 8, nullable: 8, absent: null }),
        currentLeader: struct({ leaderId: int32(), leaderEpoch: int32() }, { since: 10, tag: 0, absent: null }),
      }),
    }),
    throttleTimeMs: int32({ since: 1, absent: 0 }),
    nodeEndpoints: list(
      { nodeId: int32(), host: string(), port: int32(), rack: string({ nullable: 0 }) },
      { since: 10, tag: 0, absent: [] },
    ),
  },
  handle(broker, request) {
    const { acks, transactionalId } = request
    const acksValid = acks === -1 || acks === 0 || acks === 1
    const responses = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index, records }) => {
        if (!acksValid) return refused(index, errorCode.INVALID_REQUIRED_ACKS, null)
        const log = broker.topics.log(name, index)
        if (!log) return refused(index, errorCode.UNKNOWN_TOPIC_OR_PARTITION, null)
        const batch = records ?? Buffer.alloc(0)
        const problem = transactionProblem(broker, transactionalId, batch, partitionKey(name, index))
        if (problem) return refused(index, errorCode[problem], null)
        return append(broker, log, `${name}-${index}`, index, batch)
      }),
    }))
    if (acks === 0) return null
    return broker.fsync ? onDisk(broker, responses) : { responses }
  },
})

function refused(index: number, code: number, errorMessage: string | null) {
  return { index, errorCode: code, baseOffset: -1, errorMessage }
}

/**
 * Why a transactional batch may not be written, or null. Only what belongs to an ongoing transaction may, else a late
 * batch would open one that nobody ends (KIP-890).
 */
function transactionProblem(broker: BrokerState, transactionalId: string | null, batch: Buffer, partition: string) {
  if (batch.length < headerBytes) return null
  const { isTransactional, producerId, producerEpoch: epoch } = readHeader(batch, 0)
  return isTransactional
    ? broker.transactions.memberProblem(transactionalId, { producerId, epoch }, { partition })
    : null
}

type Responses = { name: string; partitions: { index: number; errorCode: number; baseOffset: number }[] }[]

/** The answer once what it acknowledges is on the disk; where that fails, the producer tries again. */
async function onDisk(broker: BrokerState, responses: Responses) {
  const written = responses.map(async ({ name, partitions }) => ({
    name,
    partitions: await Promise.all(
      partitions.map(async (partition) => {
        if (partition.errorCode !== errorCode.NONE) return partition
        try {
          await broker.topics.log(name, partition.index)?.sync()
          return partition
        } catch (error) {
          return refused(partition.index, errorCode.KAFKA_STORAGE_ERROR, (error as Error).message)
        }
      }),
    ),
  }))
  return { responses: await Promise.all(written) }
}

function append(broker: BrokerState, log: PartitionLog, where: string, index: number, batch: Buffer) {
  try {
    const result = log.append(batch, broker.now())
    if (result.kind === 'refused') return refused(index, errorCode[result.error], result.message)
    const { baseOffset } = result
    const logAppendTimeMs = result.kind === 'appended' ? result.logAppendTimeMs : -1
    return { index, errorCode: errorCode.NONE, baseOffset, logAppendTimeMs, logStartOffset: log.startOffset }
  } catch (error) {
    // The disk is full or cannot be written: nothing was appended, and the producer tries again.
    const { code, message } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    broker.say(`${where}: cannot be written: ${message}`)
    return refused(index, errorCode.KAFKA_STORAGE_ERROR, message)
  }
}
