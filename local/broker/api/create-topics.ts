// CreateTopics.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { parseConfigs } from '../log/configs.ts'
import { TopicRefused } from '../log/topics.ts'
import { type ErrorName, errorCode } from '../protocol/error-codes.ts'
import { bool, int8, int16, int32, list, listOf, noUuid, type ReadOf, string, uuid } from '../protocol/schema.ts'
import type { BrokerState } from '../state.ts'
import { defineApi } from './api.ts'
import { topicConfigs } from './describe-configs.ts'

const topic = {
  name: string(),
  numPartitions: int32(),
  replicationFactor: int16(),
  assignments: list({ partitionIndex: int32(), brokerIds: listOf(int32()) }),
  configs: list({ name: string(), value: string({ nullable: 0 }) }),
}

export const createTopics = defineApi({
  name: 'CreateTopics',
  key: 19,
  versions: [0, 7],
  flexibleSince: 5,
  request: {
    topics: list(topic),
    timeoutMs: int32(),
    validateOnly: bool({ since: 1 }),
  },
  response: {
    throttleTimeMs: int32({ since: 2, absent: 0 }),
    topics: list({
      name: string(),
      topicId: uuid({ since: 7 }),
      errorCode: int16(),
      errorMessage: string({ since: 1, nullable: 1 }),
      topicConfigErrorCode: int16({ since: 5, tag: 0, absent: 0 }),
      numPartitions: int32({ since: 5 }),
      replicationFactor: int16({ since: 5 }),
      configs: list(
        {
          name: string(),
          value: string({ nullable: 0 }),
          readOnly: bool(),
          configSource: int8(),
          isSensitive: bool(),
        },
        { since: 5, nullable: 5, absent: null },
      ),
    }),
  },
  async handle(broker, request) {
    const times = new Map<string, number>()
    for (const { name } of request.topics) times.set(name, (times.get(name) ?? 0) + 1)
    const topics: ReturnType<typeof create>[] = []
    for (const wanted of request.topics) {
      const once = times.get(wanted.name) === 1
      if (once) topics.push(create(broker, wanted, request.validateOnly))
      else topics.push(failed(wanted.name, 'INVALID_REQUEST', 'The topic is named twice in this request.'))
      // Each topic waits for the disk; a request for thousands would keep all others waiting, too.
      await nextTurn()
    }
    return { topics }
  },
})

function failed(name: string, error: ErrorName, errorMessage: string) {
  const nothing = { topicId: noUuid, numPartitions: -1, replicationFactor: -1 }
  return { name, errorCode: errorCode[error], errorMessage, ...nothing }
}

function create(broker: BrokerState, wanted: ReadOf<typeof topic>, validateOnly: boolean) {
  const { name, replicationFactor, assignments } = wanted
  const given = assignments.length > 0 ? assignments.length : wanted.numPartitions
  const numPartitions = given === -1 ? broker.defaultPartitions : given
  if (assignments.length === 0 && replicationFactor !== -1 && replicationFactor !== 1) {
    const message = `Replication factor: ${replicationFactor} larger than available brokers: 1.`
    return failed(name, 'INVALID_REPLICATION_FACTOR', message)
  }
  try {
    const configs = parseConfigs(wanted.configs.map(({ name: config, value }) => [config, value] as const))
    const made = { name, errorCode: errorCode.NONE, errorMessage: null, numPartitions, replicationFactor: 1 }
    if (validateOnly) {
      broker.topics.checkNew(name, numPartitions)
      return { ...made, topicId: noUuid, configs: [] }
    }
    const topic = broker.topics.create(name, numPartitions, configs)
    return { ...made, topicId: topic.id, configs: topicConfigs(topic).map((each) => ({ ...each, isSensitive: false })) }
  } catch (error) {
    if (error instanceof TopicRefused) return failed(name, error.error, error.message)
    if (error instanceof RangeError) return failed(name, 'INVALID_CONFIG', error.message)
    throw error
  }
}
