// InitProducerId: a number by which the logs tell a producer's repetitions; with a transactional id, its predecessors are fenced.
import { TopicRefused } from '../log/topics.ts'
import { type ErrorName, errorCode } from '../protocol/error-codes.ts'
import { int16, int32, int64, string } from '../protocol/schema.ts'
import { defineApi } from './api.ts'
import { codeOfChange } from './transactional.ts'

/** The first version whose clients know PRODUCER_FENCED. */
const fencedSince = 4

/** Length of a transactional id. Our choice: Kafka has no limit. */
const idLengthMax = 1_000

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
  handle(broker, request, { version }) {
    const { transactionalId: id, transactionTimeoutMs, producerId, producerEpoch } = request
    let given = { producerId: -1, epoch: -1 }
    const code = codeOfChange(broker, version, fencedSince, (): ErrorName | null => {
      if (id !== null && (id === '' || id.length > idLengthMax)) return 'INVALID_REQUEST'
      try {
        if (id === null) {
          given = { producerId: broker.topics.newProducerId(), epoch: 0 }
          return null
        }
        const claim = producerId < 0 ? null : { producerId, epoch: producerEpoch }
        const decision = broker.transactions.initialize(id, transactionTimeoutMs, claim)
        if ('error' in decision) return decision.error
        given = decision.transaction
        return null
      } catch (error) {
        if (error instanceof TopicRefused) return 'COORDINATOR_NOT_AVAILABLE'
        throw error
      }
    })
    if (code !== errorCode.NONE) return { errorCode: code, producerId: -1, producerEpoch: -1 }
    return { errorCode: code, producerId: given.producerId, producerEpoch: given.epoch }
  },
})
