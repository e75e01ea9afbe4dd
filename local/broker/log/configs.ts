// The topic settings that have an effect here, with Kafka's names, types and defaults.

interface ConfigDescription {
  default: number
  min: number
  max: number
  /** Kafka's ConfigDef type as DescribeConfigs numbers it: 3 is INT, 5 is LONG. */
  type: 3 | 5
}

/** https://kafka.apache.org/documentation/#topicconfigs */
export const configTable = {
  'max.message.bytes': { default: 1_048_588, min: 0, max: 2 ** 31 - 1, type: 3 },
  'segment.bytes': { default: 1_073_741_824, min: 1024 * 1024, max: 2 ** 31 - 1, type: 3 },
  'retention.ms': { default: 7 * 24 * 60 * 60 * 1000, min: -1, max: Number.MAX_SAFE_INTEGER, type: 5 },
  'retention.bytes': { default: -1, min: -1, max: Number.MAX_SAFE_INTEGER, type: 5 },
} as const satisfies Record<string, ConfigDescription>

export type ConfigName = keyof typeof configTable
export type TopicConfigs = Record<ConfigName, number>

/** Settings accepted when they say what is so anyway, because common tools send them. */
const fixedConfigs: Record<string, string> = {
  'cleanup.policy': 'delete',
  'message.timestamp.type': 'CreateTime',
  'compression.type': 'producer',
}

const isConfigName = (name: string): name is ConfigName => Object.hasOwn(configTable, name)

/** The given settings, as a topic keeps them; throws a RangeError that says which one is not possible. */
export function parseConfigs(given: Iterable<readonly [name: string, value: string | null]>): Partial<TopicConfigs> {
  const configs: Partial<TopicConfigs> = {}
  for (const [name, value] of given) {
    if (!isConfigName(name)) {
      if (fixedConfigs[name] === value) continue
      throw new RangeError(`${name}=${value} is not supported`)
    }
    const { min, max } = configTable[name]
    const number = value === null || value.trim() === '' ? Number.NaN : Number(value)
    if (!Number.isInteger(number) || number < min || number > max) {
      throw new RangeError(`${name} must be an integer from ${min} to ${max}, not ${value}`)
    }
    configs[name] = number
  }
  return configs
}

/** Every setting: the topic's own, else the default. */
export function withDefaults(own: Partial<TopicConfigs>): TopicConfigs {
  const configs = {} as TopicConfigs
  for (const name of Object.keys(configTable) as ConfigName[]) configs[name] = own[name] ?? configTable[name].default
  return configs
}
