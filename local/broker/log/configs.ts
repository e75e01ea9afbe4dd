// The topic settings that have an effect here, with Kafka's names, types and defaults.

interface NumberConfig {
  type: 'int' | 'long' | 'double'
  default: number
  min: number
  max: number
}

interface ChoiceConfig {
  type: 'string' | 'list'
  default: string
  choices: readonly string[]
}

const longMax = Number.MAX_SAFE_INTEGER
const dayMs = 24 * 60 * 60 * 1000

/** https://kafka.apache.org/documentation/#topicconfigs */
export const configTable = {
  'cleanup.policy': { type: 'list', default: 'delete', choices: ['delete', 'compact', 'compact,delete'] },
  'delete.retention.ms': { type: 'long', default: dayMs, min: 0, max: longMax },
  'max.message.bytes': { type: 'int', default: 1_048_588, min: 0, max: 2 ** 31 - 1 },
  'message.timestamp.after.max.ms': { type: 'long', default: 60 * 60 * 1000, min: 0, max: longMax },
  'message.timestamp.type': { type: 'string', default: 'CreateTime', choices: ['CreateTime', 'LogAppendTime'] },
  'min.cleanable.dirty.ratio': { type: 'double', default: 0.5, min: 0, max: 1 },
  'retention.bytes': { type: 'long', default: -1, min: -1, max: longMax },
  'retention.ms': { type: 'long', default: 7 * dayMs, min: -1, max: longMax },
  'segment.bytes': { type: 'int', default: 1_073_741_824, min: 1024 * 1024, max: 2 ** 31 - 1 },
  'segment.ms': { type: 'long', default: 7 * dayMs, min: 1, max: longMax },
} as const satisfies Record<string, NumberConfig | ChoiceConfig>

type Table = typeof configTable
export type ConfigName = keyof Table
export type TopicConfigs = {
  -readonly [N in ConfigName]: Table[N] extends { choices: readonly (infer C)[] } ? C : number
}

export const configNames = Object.keys(configTable) as ConfigName[]

/** Settings accepted when they say what is so anyway, because common tools send them. */
const fixedConfigs: Record<string, string> = { 'compression.type': 'producer', 'min.insync.replicas': '1' }

const isConfigName = (name: string): name is ConfigName => Object.hasOwn(configTable, name)

/** The given settings, as a topic keeps them; throws a RangeError that says which one is not possible. */
export function parseConfigs(given: Iterable<readonly [name: string, value: string | null]>): Partial<TopicConfigs> {
  const configs: Record<string, number | string> = {}
  for (const [name, value] of given) {
    if (isConfigName(name)) configs[name] = parse(name, value)
    else if (fixedConfigs[name] !== value) throw new RangeError(`${name}=${value} is not supported`)
  }
  return configs as Partial<TopicConfigs>
}

/** Whether a setting may be named: one that has an effect, or one that may only say what is so anyway. */
export const isKnownConfig = (name: string): boolean => isConfigName(name) || Object.hasOwn(fixedConfigs, name)

function parse(name: ConfigName, value: string | null): number | string {
  const config: NumberConfig | ChoiceConfig = configTable[name]
  if ('choices' in config) return parseChoice(name, config, value)
  const { type, min, max } = config
  // Java's Long.MAX_VALUE means "for ever" and is more than a number here can tell apart.
  const number = value === null || value.trim() === '' ? Number.NaN : Math.min(Number(value), longMax)
  const whole = type === 'double' || Number.isInteger(number)
  if (!whole || !(number >= min && number <= max)) {
    const kind = type === 'double' ? 'a number' : 'an integer'
    throw new RangeError(`${name} must be ${kind} from ${min} to ${max}, not ${value}`)
  }
  return number
}

/** A list may come in any order. */
function parseChoice(name: ConfigName, { type, choices }: ChoiceConfig, value: string | null): string {
  const items = (value ?? '').split(',').map((item) => item.trim())
  const sorted = type === 'list' ? items.sort().join(',') : value
  const chosen = choices.find((choice) => choice === sorted)
  if (chosen === undefined) throw new RangeError(`${name} must be one of ${choices.join(' | ')}, not ${value}`)
  return chosen
}

/** Every setting: the topic's own, else the default. */
export function withDefaults(own: Partial<TopicConfigs>): TopicConfigs {
  const defaults = Object.fromEntries(configNames.map((name) => [name, configTable[name].default]))
  return { ...defaults, ...own } as TopicConfigs
}
