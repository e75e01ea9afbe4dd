// CreatePartitions: a topic gets more of them.
import { TopicRefused } from '../log/topics.ts'
import { errorCode } from '../protocol/error-codes.ts'
import { bool, int16, int32, list, listOf, string } from '../protocol/schema.ts'
import type { BrokerState } from '../state.ts'
import { defineApi } from './api.ts'

export const createPartitions = defineApi({
  name: 'CreatePartitions',
  key: 37,
  versions: [0, 3],
  flexibleSince: 2,
  request: {
    topics: list({
      name: string(),
      count: int32(),
      assignments: list({ brokerIds: listOf(int32()) }, { nullable: 0 }),
    }),
    timeoutMs: int32(),
    validateOnly: bool(),
  },
  response: {
    throttleTimeMs: int32({ absent: 0 }),
    results: list({ name: string(), errorCode: int16(), errorMessage: string({ nullable: 0 }) }),
  },
  handle(broker, request) {
    return { results: request.topics.map(({ name, count }) => grow(broker, name, count, request.validateOnly)) }
  },
})

function grow(broker: BrokerState, name: string, count: number, validateOnly: boolean) {
  try {
    if (validateOnly) broker.topics.checkGrow(name, count)
    else broker.topics.grow(name, count)
    return { name, errorCode: errorCode.NONE, errorMessage: null }
  } catch (error) {
    if (!(error instanceof TopicRefused)) throw error
    return { name, errorCode: errorCode[error.error], errorMessage: error.message }
  }
}
