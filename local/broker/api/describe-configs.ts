// DescribeConfigs: the settings that have an effect here, and nothing that is only printed.
import { type ConfigName, configNames, configTable } from '../log/configs.ts'
import type { Topic } from '../log/topic.ts'
import { errorCode } from '../protocol/error-codes.ts'
import { bool, int8, int16, int32, list, listOf, string } from '../protocol/schema.ts'
import { type BrokerState, nodeId } from '../state.ts'
import { defineApi } from './api.ts'
import { firstTimes } from './repetition.ts'

export const describeConfigs = defineApi({
  name: 'DescribeConfigs',
  key: 32,
  versions: [1, 4],
  flexibleSince: 4,
  request: {
    resources: list({
      resourceType: int8(),
      resourceName: string(),
      configurationKeys: listOf(string(), { nullable: 0 }),
    }),
    includeSynonyms: bool({ since: 1 }),
    includeDocumentation: bool({ since: 3 }),
  },
  response: {
    throttleTimeMs: int32({ absent: 0 }),
    results: list({
      errorCode: int16(),
      errorMessage: string({ nullable: 0 }),
      resourceType: int8(),
      resourceName: string(),
      configs: list({
        name: string(),
        value: string({ nullable: 0 }),
        readOnly: bool(),
        configSource: int8({ since: 1 }),
        isSensitive: bool({ absent: false }),
        synonyms: list({ name: string(), value: string({ nullable: 0 }), source: int8() }, { since: 1, absent: [] }),
        configType: int8({ since: 3 }),
        documentation: string({ since: 3, nullable: 0, absent: null }),
      }),
    }),
  },
  handle(broker, request) {
    const isNew = firstTimes()
    const asked = request.resources.filter((each) => isNew(`${each.resourceType}:${each.resourceName}`))
    const results = asked.map(({ resourceType, resourceName, configurationKeys }) => {
      const all = configsOf(broker, resourceType, resourceName)
      if (typeof all === 'number') {
        const errorMessage = 'There is no such resource.'
        return { errorCode: all, errorMessage, resourceType, resourceName, configs: [] }
      }
      const wanted = configurationKeys ? all.filter(({ name }) => configurationKeys.includes(name)) : all
      const configs = request.includeSynonyms ? wanted : wanted.map((config) => ({ ...config, synonyms: [] }))
      return { errorCode: errorCode.NONE, errorMessage: null, resourceType, resourceName, configs }
    })
    return { results }
  },
})

/** ConfigResource.Type */
const topicResource = 2
const brokerResource = 4

/** DescribeConfigsResponse.ConfigSource */
const topicSource = 1
const staticBrokerSource = 4
const defaultSource = 5

/** ConfigDef.Type, as DescribeConfigs numbers it. */
const typeNumber = { boolean: 1, string: 2, int: 3, long: 5, double: 6, list: 7 } as const

function configsOf(broker: BrokerState, type: number, name: string) {
  if (type === brokerResource)
    return name === '' || name === String(nodeId) ? brokerConfigs(broker) : errorCode.INVALID_REQUEST
  if (type !== topicResource) return errorCode.INVALID_REQUEST
  const topic = broker.topics.named(name)
  return topic ? topicConfigs(topic) : errorCode.UNKNOWN_TOPIC_OR_PARTITION
}

/** Every setting of a topic, as DescribeConfigs and CreateTopics tell them. */
export function topicConfigs({ configs, ownConfigs }: Topic) {
  return configNames.map((name) => ({
    name,
    value: String(configs[name]),
    readOnly: false,
    configSource: name in ownConfigs ? topicSource : defaultSource,
    configType: typeNumber[configTable[name].type] as number,
    synonyms: synonymsOf(name, ownConfigs),
  }))
}

/** Where a topic's setting has its default in the broker; Kafka tells none for times that it keeps in several units. */
const brokerNames: Partial<Record<ConfigName, string>> = {
  'cleanup.policy': 'log.cleanup.policy',
  'delete.retention.ms': 'log.cleaner.delete.retention.ms',
  'max.message.bytes': 'message.max.bytes',
  'message.timestamp.after.max.ms': 'log.message.timestamp.after.max.ms',
  'message.timestamp.type': 'log.message.timestamp.type',
  'min.cleanable.dirty.ratio': 'log.cleaner.min.cleanable.ratio',
  'retention.bytes': 'log.retention.bytes',
  'segment.bytes': 'log.segment.bytes',
}

/** Where a value comes from, the one in force first. */
function synonymsOf(name: ConfigName, ownConfigs: Topic['ownConfigs']) {
  const own = name in ownConfigs ? [{ name, value: String(ownConfigs[name]), source: topicSource }] : []
  const brokerName = brokerNames[name]
  if (!brokerName) return own
  return [...own, { name: brokerName, value: String(configTable[name].default), source: defaultSource }]
}

function brokerConfigs(broker: BrokerState) {
  const fixed = { readOnly: true, configSource: staticBrokerSource, synonyms: [] }
  return [
    { name: 'auto.create.topics.enable', value: 'true', ...fixed, configType: typeNumber.boolean },
    { name: 'num.partitions', value: String(broker.defaultPartitions), ...fixed, configType: typeNumber.int },
    { name: 'default.replication.factor', value: '1', ...fixed, configType: typeNumber.int },
  ]
}
