// InitProducerId: a number by which the logs tell an idempotent producer's repetitions.
import { errorCode } from '../protocol/error-codes.ts'
import { int16, int32, int64, string } from '../protocol/schema.ts'
import { defineApi } from './api.ts'

const refused = {
  errorCode: errorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  producerId: -1,
  producerEpoch: -1,
}

export const initProducerId = defineApi({
  name: 'InitProducerId',
  key: 22,
  versions: [0, 5],
  flexibleSince: 2,
  request: {
    transactionalId: string({ nullable: 0 }),
    transactionTimeoutMs: int32(),
    producerId: int64({ since: 3, absent: -1 }),
    producerEpoch: int16({ since: 3, absent: -1 }),
  },
  response: {
    throttleTimeMs: int32({ absent: 0 }),
    errorCode: int16(),
    producerId: int64(),
    producerEpoch: int16(),
  },
  handle(broker, request) {
    // Transactions are not offered: AddPartitionsToTxn and its kin are not in ApiVersions either.
    if (request.transactionalId !== null) return refused
    return { errorCode: errorCode.NONE, producerId: broker.topics.newProducerId(), producerEpoch: 0 }
  },
})
