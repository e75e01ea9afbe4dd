// Reads the JSON of CreateEventSourceMapping: AWS's names, ranges and defaults. Durations are milliseconds from here on.
import { type Destination, parseDestination } from './destination.ts'
import { compileFilters } from './filter.ts'
import { refusal, validationException } from './settings-error.ts'
import { contradictions, foreignSettings, registryOf, timestampMs } from './settings-rules.ts'
import { type SettingsJson, settingsSchema } from './settings-schema.ts'

/** Every setting with its default filled in. */
export interface MappingSettings {
  /** null where the JSON names none. */
  functionName: string | null
  /** Of the function, where the JSON has them. */
  functionTimeoutMs: number | null
  functionMemoryMB: number | null
  /** The ARN of an MSK cluster; null for self-managed Kafka. It decides the event's `eventSource`. */
  eventSourceArn: string | null
  topic: string
  /** `host:port`, 1 to 10. */
  bootstrapServers: string[]
  consumerGroupId: string
  /** false: neither polls nor invokes. */
  enabled: boolean
  startingPosition: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP'
  /** Since 1970; null unless AT_TIMESTAMP. */
  startingTimestampMs: number | null
  batchSizeMax: number
  windowMs: number
  /** Texts of filter patterns, of which one must match; none lets everything through. */
  filterPatterns: string[]
  destination: Destination | null
  /** Attempts after the first one; null without limit. */
  retriesMax: number | null
  /** null without limit. */
  recordAgeMsMax: number | null
  bisectOnError: boolean
  reportBatchItemFailures: boolean
  /** `ProvisionedPollerConfig` is there. */
  provisioned: boolean
  /** Event pollers at least; each invokes up to 5 times at once. */
  pollersMin: number
  /** Event pollers at most, never more than the topic has partitions. */
  pollersMax: number
  metrics: MetricGroup[]
  systemLogLevel: SystemLogLevel | null
  schemaRegistry: SchemaRegistrySettings | null
}

export type MetricGroup = 'EventCount' | 'ErrorCount' | 'KafkaMetrics'
export type SystemLogLevel = 'DEBUG' | 'INFO' | 'WARN'

export interface SchemaRegistrySettings {
  url: string
  /** JSON: decoded. SOURCE: as produced, without the schema's id. */
  eventRecordFormat: 'JSON' | 'SOURCE'
  attributes: ('KEY' | 'VALUE')[]
}

/** What stands around a mapping and is not in its JSON. */
export interface Stage {
  /** Brokers to use in place of the JSON's own, as a stage on this machine does for a mapping written for the cloud. */
  brokers?: string[]
  /** A group id to use in place of the JSON's own. */
  consumerGroupId?: string
  /** Since 1970; without it, times are not compared with the present. */
  nowMs?: number
  functionTimeoutSeconds?: number
}

/** An unset window is 500 ms, which is not 0. https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-low-latency.html */
const windowMsDefault = 500

/**
 * What -1 means once there is a destination. Documented with the settings of provisioned mode; our choice: it holds
 * without it too. https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
 */
const retriesWithDestination = 10

/** Of provisioned mode; on demand no number is documented. https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html */
const pollersMaxDefault = 200

/**
 * The settings of a mapping, checked as AWS checks them. `uuid` is the group id where none is set, as on AWS.
 *
 * @throws PipelineError CONFIG_INVALID with AWS's ValidationException (one value by itself) or
 * InvalidParameterValueException (a contradiction, a filter, a destination), and everything that is wrong
 */
export function parseSettings(json: unknown, uuid: string, stage: Stage = {}): MappingSettings {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw refusal('ValidationException', 'expected the JSON object of CreateEventSourceMapping')
  }
  const foreign = foreignSettings(json)
  if (foreign.length > 0) throw refusal('InvalidParameterValueException', foreign.join('; '))
  const parsed = settingsSchema.safeParse(json)
  if (!parsed.success) throw validationException(parsed.error.issues, json)
  const complaints = contradictions(parsed.data, stage)
  if (complaints.length > 0) throw refusal('InvalidParameterValueException', complaints.join('; '))
  return settled(parsed.data, uuid, stage)
}

function settled(json: SettingsJson, uuid: string, stage: Stage): MappingSettings {
  const topic = json.Topics[0] as string
  const destination = parseDestination(json.DestinationConfig?.OnFailure?.Destination ?? '', topic)
  const filterPatterns = (json.FilterCriteria?.Filters ?? []).map(({ Pattern }) => Pattern)
  compileFilters(filterPatterns)
  const own = json.AmazonManagedKafkaEventSourceConfig ?? json.SelfManagedKafkaEventSourceConfig
  const pollers = json.ProvisionedPollerConfig
  const timestamp = json.StartingPositionTimestamp
  const windowSeconds = json.MaximumBatchingWindowInSeconds
  return {
    functionName: json.FunctionName ?? null,
    functionTimeoutMs: json.Function?.Timeout === undefined ? null : json.Function.Timeout * 1_000,
    functionMemoryMB: json.Function?.MemorySize ?? null,
    eventSourceArn: json.EventSourceArn ?? null,
    topic,
    bootstrapServers: stage.brokers ?? json.SelfManagedEventSource?.Endpoints.KAFKA_BOOTSTRAP_SERVERS ?? [],
    consumerGroupId: stage.consumerGroupId ?? own?.ConsumerGroupId ?? uuid,
    enabled: json.Enabled,
    startingPosition: json.StartingPosition ?? 'TRIM_HORIZON',
    startingTimestampMs: timestamp === undefined ? null : timestampMs(timestamp),
    batchSizeMax: json.BatchSize,
    windowMs: windowSeconds === undefined ? windowMsDefault : windowSeconds * 1_000,
    filterPatterns,
    destination,
    retriesMax: json.MaximumRetryAttempts >= 0 ? json.MaximumRetryAttempts : destination && retriesWithDestination,
    recordAgeMsMax: json.MaximumRecordAgeInSeconds >= 0 ? json.MaximumRecordAgeInSeconds * 1_000 : null,
    bisectOnError: json.BisectBatchOnFunctionError,
    reportBatchItemFailures: json.FunctionResponseTypes.length > 0,
    provisioned: pollers !== undefined,
    pollersMin: pollers?.MinimumPollers ?? 1,
    pollersMax: pollers?.MaximumPollers ?? pollersMaxDefault,
    metrics: json.MetricsConfig?.Metrics ?? [],
    systemLogLevel: json.LoggingConfig?.SystemLogLevel ?? null,
    schemaRegistry: registrySettings(json),
  }
}

function registrySettings(json: SettingsJson): SchemaRegistrySettings | null {
  const registry = registryOf(json)
  return registry
    ? {
        url: registry.SchemaRegistryURI,
        eventRecordFormat: registry.EventRecordFormat,
        attributes: registry.SchemaValidationConfigs.map(({ Attribute }) => Attribute),
      }
    : null
}
