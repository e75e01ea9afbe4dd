// Metadata: which topics exist, with which partitions, and where. Topics that are asked for by name come into being.

import { leaderEpoch } from '../log/log.ts'
import type { Topic } from '../log/topic.ts'
import { TopicRefused } from '../log/topics.ts'
import { type ErrorName, errorCode } from '../protocol/error-codes.ts'
import { bool, int16, int32, list, listOf, noUuid, string, uuid } from '../protocol/schema.ts'
import { type BrokerState, nodeId } from '../state.ts'
import { defineApi, operationsUnknown } from './api.ts'
import { firstTimes } from './repetition.ts'

export const metadata = defineApi({
  name: 'Metadata',
  key: 3,
  versions: [0, 12],
  flexibleSince: 9,
  request: {
    topics: list({ topicId: uuid({ since: 10 }), name: string({ nullable: 10 }) }, { nullable: 1 }),
    allowAutoTopicCreation: bool({ since: 4, absent: true }),
    includeClusterAuthorizedOperations: bool({ since: 8, until: 10 }),
    includeTopicAuthorizedOperations: bool({ since: 8 }),
  },
  response: {
    throttleTimeMs: int32({ since: 3, absent: 0 }),
    brokers: list({
      nodeId: int32(),
      host: string(),
      port: int32(),
      rack: string({ since: 1, nullable: 1, absent: null }),
    }),
    clusterId: string({ since: 2, nullable: 2 }),
    controllerId: int32({ since: 1 }),
    topics: list({
      errorCode: int16(),
      name: string({ nullable: 12 }),
      topicId: uuid({ since: 10 }),
      isInternal: bool({ since: 1, absent: false }),
      partitions: list({
        errorCode: int16(),
        partitionIndex: int32(),
        leaderId: int32(),
        leaderEpoch: int32({ since: 7 }),
        replicaNodes: listOf(int32()),
        isrNodes: listOf(int32()),
        offlineReplicas: listOf(int32(), { since: 5, absent: [] }),
      }),
      topicAuthorizedOperations: int32({ since: 8, absent: operationsUnknown }),
    }),
    clusterAuthorizedOperations: int32({ since: 8, until: 10, absent: operationsUnknown }),
  },
  handle(broker, request, call) {
    const wanted = call.version === 0 && request.topics?.length === 0 ? null : request.topics
    const isNew = firstTimes()
    let created = 0
    const topics = wanted
      ?.filter(({ name, topicId }) => isNew(name ?? topicId))
      .map(({ name, topicId }) => {
        if (name === null) return describeById(broker, topicId)
        const mayCreate = request.allowAutoTopicCreation
        if (mayCreate && !broker.topics.named(name) && ++created > createdMax) {
          return missing('LEADER_NOT_AVAILABLE', name, noUuid)
        }
        return describeByName(broker, name, mayCreate)
      })
    return {
      brokers: [{ nodeId, host: broker.host, port: broker.port }],
      clusterId: broker.topics.clusterId,
      controllerId: nodeId,
      topics: topics ?? broker.topics.all().map(describe),
    }
  },
})

/**
 * Topics made by one request; for the others clients ask again, as they always must of Kafka. Each waits for the disk, and
 * all other clients with it.
 */
const createdMax = 50

function describe({ name, id, partitions }: Topic) {
  return {
    errorCode: errorCode.NONE,
    name,
    topicId: id,
    partitions: partitions.map((_, partitionIndex) => ({
      errorCode: errorCode.NONE,
      partitionIndex,
      leaderId: nodeId,
      leaderEpoch,
      replicaNodes: [nodeId],
      isrNodes: [nodeId],
    })),
  }
}

function missing(error: ErrorName, name: string | null, topicId: string) {
  return { errorCode: errorCode[error], name, topicId, partitions: [] }
}

function describeById(broker: BrokerState, topicId: string) {
  const topic = broker.topics.withId(topicId)
  return topic ? describe(topic) : missing('UNKNOWN_TOPIC_ID', null, topicId)
}

/** auto.create.topics.enable is true here. Kafka answers LEADER_NOT_AVAILABLE first; here the topic is ready at once. */
function describeByName(broker: BrokerState, name: string, mayCreate: boolean) {
  const topic = broker.topics.named(name)
  if (topic) return describe(topic)
  try {
    if (mayCreate) return describe(broker.topics.create(name, broker.defaultPartitions))
    // A name that no topic can have is told apart from a topic that is not there, as Kafka does.
    broker.topics.checkNew(name, broker.defaultPartitions)
    return missing('UNKNOWN_TOPIC_OR_PARTITION', name, noUuid)
  } catch (error) {
    if (error instanceof TopicRefused) return missing(error.error, name, noUuid)
    throw error
  }
}
