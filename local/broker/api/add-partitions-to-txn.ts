// AddPartitionsToTxn: the transaction is going to write to these partitions.
import { errorCode } from '../protocol/error-codes.ts'
import { int16, int32, int64, list, listOf, string } from '../protocol/schema.ts'
import { defineApi } from './api.ts'
import { codeOfChange, partitionKey } from './transactional.ts'

export const addPartitionsToTxn = defineApi({
  name: 'AddPartitionsToTxn',
  key: 24,
  // From version 4 on it is for brokers among themselves.
  versions: [0, 3],
  flexibleSince: 3,
  request: {
    transactionalId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    topics: list({ name: string(), partitions: listOf(int32()) }),
  },
  response: {
    throttleTimeMs: int32({ absent: 0 }),
    results: list({
      name: string(),
      partitions: list({ partitionIndex: int32(), errorCode: int16() }),
    }),
  },
  handle(broker, request, { version }) {
    const { transactionalId, producerId, producerEpoch: epoch, topics } = request
    const isThere = (name: string, partition: number) => broker.topics.log(name, partition) !== undefined
    // All of them or none, as Kafka has it.
    const allThere = topics.every(({ name, partitions }) => partitions.every((each) => isThere(name, each)))
    const keys = topics.flatMap(({ name, partitions }) => partitions.map((each) => partitionKey(name, each)))
    const code = allThere
      ? codeOfChange(broker, version, 2, () => {
          return broker.transactions.add(transactionalId, { producerId, epoch }, { partitions: keys })
        })
      : errorCode.OPERATION_NOT_ATTEMPTED
    const results = topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((partitionIndex) => {
        const there = isThere(name, partitionIndex)
        return { partitionIndex, errorCode: there ? code : errorCode.UNKNOWN_TOPIC_OR_PARTITION }
      }),
    }))
    return { results }
  },
})
