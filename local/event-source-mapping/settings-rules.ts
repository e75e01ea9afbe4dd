// What AWS refuses because two settings contradict each other, or because a Kafka mapping does not take one.

import type { Stage } from './settings.ts'
import type { SettingsJson } from './settings-schema.ts'
import { functionTimeoutSecondsMax, groupId } from './settings-schema.ts'

const notForKafka = [
  'ParallelizationFactor',
  'TumblingWindowInSeconds',
  'ScalingConfig',
  'Queues',
  'DocumentDBEventSourceConfig',
]

/** The settings of other sources that are in the JSON, each with AWS's words. */
export function foreignSettings(json: object): string[] {
  return notForKafka
    .filter((name) => name in json)
    .map(
      (name) =>
        `Unsupported '${name}' parameter for given event source mapping type: it is not a setting of Kafka mappings`,
    )
}

/** Every contradiction, as a sentence; empty when AWS would take these settings. */
export function contradictions(settings: SettingsJson, stage: Stage): string[] {
  return [
    ...aboutSource(settings, stage),
    ...aboutGroup(stage),
    ...aboutStart(settings, stage),
    ...aboutProvisionedMode(settings),
    ...aboutRegistry(settings),
    ...aboutFunction(settings, stage),
  ].filter((complaint) => complaint !== undefined)
}

type Complaint = string | false | undefined

function aboutSource(settings: SettingsJson, stage: Stage): string[] {
  const { EventSourceArn: arn, SelfManagedEventSource: selfManaged, SourceAccessConfigurations: access = [] } = settings
  const secrets = access.filter(({ Type }) => !Type.startsWith('VPC_')).map(({ Type }) => Type)
  const mskTakes = ['SASL_SCRAM_512_AUTH', 'CLIENT_CERTIFICATE_TLS_AUTH']
  return sentences([
    !arn && !selfManaged && 'EventSourceArn (MSK) or SelfManagedEventSource is required',
    arn && selfManaged && 'EventSourceArn and SelfManagedEventSource exclude each other',
    arn &&
      settings.SelfManagedKafkaEventSourceConfig &&
      'SelfManagedKafkaEventSourceConfig does not go with EventSourceArn: use AmazonManagedKafkaEventSourceConfig',
    selfManaged &&
      settings.AmazonManagedKafkaEventSourceConfig &&
      'AmazonManagedKafkaEventSourceConfig needs EventSourceArn: use SelfManagedKafkaEventSourceConfig',
    arn &&
      access.some(({ Type }) => !mskTakes.includes(Type)) &&
      `SourceAccessConfigurations: MSK takes ${mskTakes.join(' and ')} only`,
    // What follows AWS would take: it can reach the cluster's API and the secrets, and this machine cannot.
    arn &&
      !stage.brokers &&
      'EventSourceArn: the brokers of an MSK cluster are not known here, name some with --brokers',
    secrets.length > 0 &&
      !stage.brokers &&
      `SourceAccessConfigurations: ${secrets.join(', ')} needs a secret of AWS; name brokers that take connections without it with --brokers`,
  ])
}

/** The JSON's own is checked with its shape. */
function aboutGroup({ consumerGroupId }: Stage): string[] {
  const isWrong = consumerGroupId !== undefined && !groupId.safeParse(consumerGroupId).success
  return sentences([isWrong && 'ConsumerGroupId: expected 1 to 200 characters of a-zA-Z0-9-/*:_+=.@'])
}

// https://docs.aws.amazon.com/lambda/latest/dg/kafka-starting-positions.html
function aboutStart(settings: SettingsJson, { nowMs }: Stage): string[] {
  const { StartingPosition: position, StartingPositionTimestamp: timestamp } = settings
  const isQueue = settings.SelfManagedKafkaEventSourceConfig?.ConsumptionMode === 'Queue'
  return sentences([
    // Real AWS answers TRIM_HORIZON where a self-managed source leaves it out; for MSK its page says required.
    settings.EventSourceArn && !position && 'StartingPosition is required for an MSK cluster',
    position === 'AT_TIMESTAMP' && timestamp === undefined && 'AT_TIMESTAMP needs StartingPositionTimestamp',
    timestamp !== undefined && position !== 'AT_TIMESTAMP' && 'StartingPositionTimestamp goes with AT_TIMESTAMP only',
    nowMs !== undefined &&
      timestamp !== undefined &&
      timestampMs(timestamp) > nowMs &&
      'StartingPositionTimestamp lies in the future',
    isQueue &&
      'ConsumptionMode: Queue is not supported here: it needs the share groups of Kafka 4.2, which this client does not speak',
    isQueue && position && 'ConsumptionMode: Queue takes no StartingPosition',
    isQueue &&
      settings.MaximumBatchingWindowInSeconds !== undefined &&
      'ConsumptionMode: Queue takes no MaximumBatchingWindowInSeconds',
  ])
}

/** Milliseconds since 1970. */
export function timestampMs(timestamp: number | string): number {
  return typeof timestamp === 'number' ? timestamp * 1_000 : Date.parse(timestamp)
}

/**
 * What works in provisioned mode only: https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html,
 * kafka-on-failure-destination.html, services-consume-kafka-events.html and esm-logging.html there. For MetricsConfig
 * the documents say nothing and AWS's own CDK refuses it. Our choice: a value that is the default is let pass.
 */
function aboutProvisionedMode(settings: SettingsJson): string[] {
  const { ProvisionedPollerConfig: pollers } = settings
  if (pollers) {
    // The default of MaximumPollers is 200. https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html
    const contradicts = (pollers.MinimumPollers ?? 1) > (pollers.MaximumPollers ?? 200)
    return sentences([contradicts && 'ProvisionedPollerConfig: MinimumPollers is more than MaximumPollers'])
  }
  const set = {
    MaximumRetryAttempts: settings.MaximumRetryAttempts !== -1,
    MaximumRecordAgeInSeconds: settings.MaximumRecordAgeInSeconds !== -1,
    BisectBatchOnFunctionError: settings.BisectBatchOnFunctionError,
    FunctionResponseTypes: settings.FunctionResponseTypes.length > 0,
    MetricsConfig: (settings.MetricsConfig?.Metrics ?? []).length > 0,
    LoggingConfig: settings.LoggingConfig?.SystemLogLevel !== undefined,
    SchemaRegistryConfig: registryOf(settings) !== undefined,
    'A kafka:// destination': settings.DestinationConfig?.OnFailure?.Destination?.startsWith('kafka://') === true,
  }
  return Object.entries(set)
    .filter(([, isSet]) => isSet)
    .map(([name]) => `${name} needs provisioned mode: set ProvisionedPollerConfig too`)
}

function aboutRegistry(settings: SettingsJson): string[] {
  const registry = registryOf(settings)
  if (!registry) return []
  const attributes = registry.SchemaValidationConfigs.map(({ Attribute }) => Attribute)
  return sentences([
    new Set(attributes).size < attributes.length && 'SchemaValidationConfigs names an attribute twice',
    registry.SchemaRegistryURI.startsWith('arn:') &&
      'SchemaRegistryURI: Glue cannot be reached from here, name a Confluent-compatible registry by its URL',
    (registry.AccessConfigs ?? []).length > 0 &&
      'AccessConfigs: a secret of AWS cannot be read here, name a registry that takes connections without it',
  ])
}

/** The registry of either source's own settings. */
export function registryOf(settings: SettingsJson) {
  const managed = settings.AmazonManagedKafkaEventSourceConfig ?? settings.SelfManagedKafkaEventSourceConfig
  return managed?.SchemaRegistryConfig
}

function aboutFunction(settings: SettingsJson, stage: Stage): string[] {
  const timeout = stage.functionTimeoutSeconds ?? settings.Function?.Timeout ?? 0
  const age = settings.MaximumRecordAgeInSeconds
  return sentences([
    timeout > functionTimeoutSecondsMax &&
      `The function's time-out is ${timeout} s, and with a Kafka mapping at most ${functionTimeoutSecondsMax} s`,
    age > -1 && age < 60 && 'MaximumRecordAgeInSeconds is -1 (no limit) or 60 to 604800',
    settings.DestinationConfig?.OnSuccess?.Destination && 'DestinationConfig: OnSuccess is not supported for Kafka',
  ])
}

function sentences(complaints: (Complaint | '' | null)[]): string[] {
  return complaints.filter((complaint) => typeof complaint === 'string' && complaint !== '') as string[]
}
