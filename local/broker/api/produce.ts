// Produce: appends record batches. The answer comes after the write, so what it acknowledges survives kill -9.
import type { PartitionLog } from '../log/log.ts'
import { errorCode } from '../protocol/error-codes.ts'
import { int16, int32, int64, list, records, string, struct } from '../protocol/schema.ts'
import type { BrokerState } from '../state.ts'
import { defineApi } from './api.ts'

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
    const { acks } = request
    const acksValid = acks === -1 || acks === 0 || acks === 1
    const responses = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index, records }) => {
        if (!acksValid) return refused(index, errorCode.INVALID_REQUIRED_ACKS, null)
        const log = broker.topics.log(name, index)
        if (!log) return refused(index, errorCode.UNKNOWN_TOPIC_OR_PARTITION, null)
        return append(broker, log, `${name}-${index}`, index, records ?? Buffer.alloc(0))
      }),
    }))
    return acks === 0 ? null : { responses }
  },
})

function refused(index: number, code: number, errorMessage: string | null) {
  return { index, errorCode: code, baseOffset: -1, errorMessage }
}

function append(broker: BrokerState, log: PartitionLog, where: string, index: number, batch: Buffer) {
  try {
    const result = log.append(batch, broker.now())
    if (result.kind === 'refused') return refused(index, errorCode[result.error], result.message)
    const { baseOffset } = result
    return { index, errorCode: errorCode.NONE, baseOffset, logStartOffset: log.startOffset }
  } catch (error) {
    // The disk is full or cannot be written: nothing was appended, and the producer tries again.
    const { code, message } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    broker.say(`${where}: cannot be written: ${message}`)
    return refused(index, errorCode.KAFKA_STORAGE_ERROR, code)
  }
}
