// AlterConfigs and IncrementalAlterConfigs: other settings for topics, which have an effect at once.
import { configNames, configTable, isKnownConfig, parseConfigs } from '../log/configs.ts'
import type { Topic } from '../log/topic.ts'
import { TopicRefused } from '../log/topics.ts'
import { type ErrorName, errorCode } from '../protocol/error-codes.ts'
import { bool, int8, int16, int32, list, string } from '../protocol/schema.ts'
import type { BrokerState } from '../state.ts'
import { defineApi } from './api.ts'

const response = {
  throttleTimeMs: int32({ absent: 0 }),
  responses: list({
    errorCode: int16(),
    errorMessage: string({ nullable: 0 }),
    resourceType: int8(),
    resourceName: string(),
  }),
}

export const alterConfigs = defineApi({
  name: 'AlterConfigs',
  key: 33,
  versions: [0, 2],
  flexibleSince: 2,
  request: {
    resources: list({
      resourceType: int8(),
      resourceName: string(),
      configs: list({ name: string(), value: string({ nullable: 0 }) }),
    }),
    validateOnly: bool(),
  },
  response,
  handle(broker, { resources, validateOnly }) {
    const responses = resources.map(({ configs, ...resource }) => {
      return alter(broker, resource, validateOnly, () => new Map(configs.map(({ name, value }) => [name, value])))
    })
    return { responses }
  },
})

export const incrementalAlterConfigs = defineApi({
  name: 'IncrementalAlterConfigs',
  key: 44,
  versions: [0, 1],
  flexibleSince: 1,
  request: {
    resources: list({
      resourceType: int8(),
      resourceName: string(),
      configs: list({ name: string(), configOperation: int8(), value: string({ nullable: 0 }) }),
    }),
    validateOnly: bool(),
  },
  response,
  handle(broker, { resources, validateOnly }) {
    const responses = resources.map(({ configs, ...resource }) => {
      return alter(broker, resource, validateOnly, (topic) => changed(topic, configs))
    })
    return { responses }
  },
})

/** ConfigResource.Type */
const topicResource = 2

/** AlterConfigOp.OpType */
const operation = { set: 0, delete: 1, append: 2, subtract: 3 } as const

type Wanted = Map<string, string | null>

function changed(topic: Topic, configs: readonly { name: string; configOperation: number; value: string | null }[]) {
  const wanted: Wanted = new Map(Object.entries(topic.ownConfigs).map(([name, value]) => [name, String(value)]))
  for (const { name, configOperation, value } of configs) {
    if (!isKnownConfig(name)) throw new RangeError(`${name} is not supported`)
    if (configOperation === operation.set) wanted.set(name, value)
    else if (configOperation === operation.delete) wanted.delete(name)
    else wanted.set(name, changedList(topic, name, configOperation, value))
  }
  return wanted
}

function changedList(topic: Topic, name: string, configOperation: number, value: string | null): string {
  const config = configNames.find((each) => each === name && configTable[each].type === 'list')
  if (config === undefined) throw new RangeError(`${name} is not a list`)
  const now = String(topic.configs[config]).split(',')
  const items = (value ?? '').split(',')
  const kept = now.filter((item) => !items.includes(item))
  return (configOperation === operation.append ? [...kept, ...items] : kept).join(',')
}

function alter(
  broker: BrokerState,
  resource: { resourceType: number; resourceName: string },
  validateOnly: boolean,
  wanted: (topic: Topic) => Wanted,
) {
  const answer = (error: ErrorName, errorMessage: string | null) => {
    return { errorCode: errorCode[error], errorMessage, ...resource }
  }
  if (resource.resourceType !== topicResource) {
    return answer('INVALID_REQUEST', 'Only the settings of topics can be changed here.')
  }
  const topic = broker.topics.named(resource.resourceName)
  if (!topic) return answer('UNKNOWN_TOPIC_OR_PARTITION', 'There is no such topic.')
  try {
    const own = parseConfigs(wanted(topic))
    if (!validateOnly) broker.topics.configure(topic, own)
    return answer('NONE', null)
  } catch (error) {
    if (error instanceof RangeError) return answer('INVALID_CONFIG', error.message)
    if (error instanceof TopicRefused) return answer(error.error, error.message)
    throw error
  }
}
