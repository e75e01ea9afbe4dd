// DescribeTransactions: who holds a transactional id, and which partitions its transaction is in.
import { errorCode } from '../protocol/error-codes.ts'
import { int16, int32, int64, list, listOf, string } from '../protocol/schema.ts'
import type { Transaction } from '../transactions/transaction.ts'
import { defineApi } from './api.ts'
import { firstTimes } from './repetition.ts'

export const describeTransactions = defineApi({
  name: 'DescribeTransactions',
  key: 65,
  versions: [0, 0],
  flexibleSince: 0,
  request: { transactionalIds: listOf(string()) },
  response: {
    throttleTimeMs: int32({ absent: 0 }),
    transactionStates: list({
      errorCode: int16(),
      transactionalId: string(),
      transactionState: string(),
      transactionTimeoutMs: int32(),
      transactionStartTimeMs: int64(),
      producerId: int64(),
      producerEpoch: int16(),
      topics: list({ topic: string(), partitions: listOf(int32()) }),
    }),
  },
  handle(broker, { transactionalIds }) {
    const transactionStates = transactionalIds.filter(firstTimes()).map((transactionalId) => {
      const found = broker.transactions.get(transactionalId)
      return found ? describe(found) : { ...unknown, transactionalId }
    })
    return { transactionStates }
  },
})

const unknown = {
  errorCode: errorCode.TRANSACTIONAL_ID_NOT_FOUND,
  transactionState: '',
  transactionTimeoutMs: -1,
  transactionStartTimeMs: -1,
  producerId: -1,
  producerEpoch: -1,
  topics: [],
}

function describe({ id, state, timeoutMs, startedAt, producerId, epoch, partitions }: Transaction) {
  const byTopic = new Map<string, number[]>()
  for (const key of partitions) {
    const [topic, partition] = key.split(':') as [string, string]
    byTopic.set(topic, [...(byTopic.get(topic) ?? []), Number(partition)])
  }
  return {
    errorCode: errorCode.NONE,
    transactionalId: id,
    transactionState: state,
    transactionTimeoutMs: timeoutMs,
    transactionStartTimeMs: startedAt,
    producerId,
    producerEpoch: epoch,
    topics: [...byTopic].map(([topic, indexes]) => ({ topic, partitions: indexes })),
  }
}
