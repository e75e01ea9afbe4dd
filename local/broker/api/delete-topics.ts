// DeleteTopics: the topic, its records, and what groups have committed for it.
import { errorCode } from '../protocol/error-codes.ts'
import { int16, int32, list, listOf, noUuid, string, uuid } from '../protocol/schema.ts'
import type { BrokerState } from '../state.ts'
import { defineApi } from './api.ts'

export const deleteTopics = defineApi({
  name: 'DeleteTopics',
  key: 20,
  versions: [1, 6],
  flexibleSince: 4,
  request: {
    topics: list({ name: string({ nullable: 6 }), topicId: uuid() }, { since: 6 }),
    topicNames: listOf(string(), { until: 5 }),
    timeoutMs: int32(),
  },
  response: {
    throttleTimeMs: int32({ since: 1, absent: 0 }),
    responses: list({
      name: string({ nullable: 6 }),
      topicId: uuid({ since: 6 }),
      errorCode: int16(),
      errorMessage: string({ since: 5, nullable: 5 }),
    }),
  },
  handle(broker, request, { version }) {
    const named = request.topicNames.map((name) => ({ name, topicId: noUuid }))
    const wanted: { name: string | null; topicId: string }[] = version >= 6 ? request.topics : named
    return { responses: wanted.map((topic) => remove(broker, topic)) }
  },
})

function remove(broker: BrokerState, { name, topicId }: { name: string | null; topicId: string }) {
  const topic = name === null ? broker.topics.withId(topicId) : broker.topics.named(name)
  if (!topic) {
    const error = name === null ? errorCode.UNKNOWN_TOPIC_ID : errorCode.UNKNOWN_TOPIC_OR_PARTITION
    return { name, topicId, errorCode: error, errorMessage: 'There is no such topic.' }
  }
  // Offsets first: a crash in between leaves a topic without offsets, never offsets that a later topic of that name would inherit.
  broker.offsets.forgetTopic(topic.name)
  broker.topics.delete(topic)
  return { name: topic.name, topicId: topic.id, errorCode: errorCode.NONE, errorMessage: null }
}
