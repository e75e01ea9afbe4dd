// TxnOffsetCommit: offsets that count once the transaction is committed.
import { type ErrorName, errorCode } from '../protocol/error-codes.ts'
import { int16, int32, int64, list, string } from '../protocol/schema.ts'
import { defineApi } from './api.ts'
import { groupProblem, writeOffsets } from './write-offsets.ts'

export const txnOffsetCommit = defineApi({
  name: 'TxnOffsetCommit',
  key: 28,
  // Version 5 belongs to the second protocol of transactions (KIP-890), which is not announced.
  versions: [0, 4],
  flexibleSince: 3,
  request: {
    transactionalId: string(),
    groupId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    generationId: int32({ since: 3, absent: -1 }),
    memberId: string({ since: 3 }),
    groupInstanceId: string({ since: 3, nullable: 3 }),
    topics: list({
      name: string(),
      partitions: list({
        partitionIndex: int32(),
        committedOffset: int64(),
        committedLeaderEpoch: int32({ since: 2, absent: -1 }),
        committedMetadata: string({ nullable: 0 }),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32({ absent: 0 }),
    topics: list({
      name: string(),
      partitions: list({ partitionIndex: int32(), errorCode: int16({ absent: errorCode.NONE }) }),
    }),
  },
  handle(broker, request) {
    const { transactionalId, groupId, producerId, producerEpoch, generationId, memberId, groupInstanceId } = request
    const from = { memberId, instanceId: groupInstanceId, generation: generationId }
    const holder = { producerId, epoch: producerEpoch }
    const refusal: ErrorName | null =
      groupProblem(broker, groupId) ??
      broker.transactions.memberProblem(transactionalId, holder, { group: groupId }) ??
      broker.coordinator.transactionalCommitProblem(groupId, from)
    return writeOffsets(broker, request.topics, refusal, (offsets) => {
      broker.offsets.hold(groupId, producerId, offsets)
    })
  },
})
