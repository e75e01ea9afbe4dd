// Reads the JSON of CreateEventSourceMapping: AWS's names, ranges and defaults. Durations are milliseconds from here on.
import { z } from 'zod'
import { PipelineError } from '../../functions/errors.ts'

/** Every setting with its default filled in. */
export interface MappingSettings {
  topic: string
  /** `host:port`, 1 to 10. */
  bootstrapServers: string[]
  consumerGroupId: string
  startingPosition: 'TRIM_HORIZON' | 'LATEST'
  batchSizeMax: number
  windowMs: number
  reportBatchItemFailures: boolean
  /** Event pollers at least; each invokes up to 5 times at once. */
  pollers: number
}

/** An unset window is 500 ms, which is not 0. https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-low-latency.html */
const windowMsDefault = 500

const topicSchema = z.string().regex(/^[a-zA-Z0-9._-]{1,249}$/, 'is not a name that Kafka allows')
const serverSchema = z
  .string()
  .max(300)
  .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:,/]+):\d{1,5}$/, 'is not host:port')

// https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
const settingsSchema = z.strictObject({
  /** The function is the caller's to know; the name is accepted, so that AWS's JSON can be used as it is. */
  FunctionName: z.string().min(1).optional(),
  Tags: z.record(z.string(), z.string()).optional(),
  Enabled: z.literal(true, 'false is not supported here: leave the mapping out instead').optional(),
  SelfManagedEventSource: z.strictObject({
    Endpoints: z.strictObject({ KAFKA_BOOTSTRAP_SERVERS: z.array(serverSchema).min(1).max(10) }),
  }),
  Topics: z.tuple([topicSchema], 'takes exactly one topic'),
  BatchSize: z.int().min(1).max(10_000).default(100),
  MaximumBatchingWindowInSeconds: z.int().min(0).max(300).optional(),
  // Optional on real AWS for self-managed Kafka, which answers TRIM_HORIZON, though its page says required.
  StartingPosition: z.enum(['TRIM_HORIZON', 'LATEST']).default('TRIM_HORIZON'),
  SelfManagedKafkaEventSourceConfig: z
    .strictObject({
      ConsumerGroupId: z
        .string()
        .regex(/^[a-zA-Z0-9\-/*:_+=.@]{1,200}$/, 'takes 1 to 200 letters, digits or -/*:_+=.@')
        .optional(),
      ConsumptionMode: z
        .literal('Stream', 'Queue needs the share groups of Kafka 4.2, which this client does not speak')
        .optional(),
    })
    .optional(),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).max(1).optional(),
  ProvisionedPollerConfig: z
    .strictObject({
      MinimumPollers: z.int().min(1).max(200).optional(),
      MaximumPollers: z.int().min(1).max(2_000).optional(),
    })
    .optional(),
})

/** What AWS knows and this mapping does not do. Ignoring one of these would be a lie, so each is refused by name. */
const unsupported: Record<string, string> = {
  EventSourceArn: 'is not supported here: name the brokers of an MSK cluster in SelfManagedEventSource',
  AmazonManagedKafkaEventSourceConfig: 'is not supported here: use SelfManagedKafkaEventSourceConfig',
  StartingPositionTimestamp: 'is not supported here yet',
  FilterCriteria: 'is not supported here yet',
  KMSKeyArn: 'is not supported here: it encrypts filter criteria',
  DestinationConfig: 'is not supported here yet',
  MaximumRetryAttempts: 'is not supported here yet: batches are retried without limit',
  MaximumRecordAgeInSeconds: 'is not supported here yet: batches are retried without limit',
  BisectBatchOnFunctionError: 'is not supported here yet',
  MetricsConfig: 'is not supported here yet',
  LoggingConfig: 'is not supported here yet',
  SourceAccessConfigurations: 'is not supported here yet: the broker must take connections without authentication',
  ScalingConfig: 'is not a setting of Kafka mappings',
  ParallelizationFactor: 'is not a setting of Kafka mappings',
  TumblingWindowInSeconds: 'is not a setting of Kafka mappings',
}

/**
 * The settings of a mapping, checked as AWS checks them. `uuid` is the group id where none is set.
 *
 * @throws PipelineError CONFIG_INVALID with AWS's InvalidParameterValueException and every setting that is wrong
 */
export function parseSettings(json: unknown, uuid: string): MappingSettings {
  const complaints = refused(json)
  if (complaints.length > 0) throw invalid(complaints)
  const parsed = settingsSchema.safeParse(json)
  if (!parsed.success) throw invalid(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`))
  const settings = parsed.data
  const contradiction = contradicting(settings)
  if (contradiction) throw invalid([contradiction])
  const window = settings.MaximumBatchingWindowInSeconds
  return {
    topic: settings.Topics[0],
    bootstrapServers: settings.SelfManagedEventSource.Endpoints.KAFKA_BOOTSTRAP_SERVERS,
    consumerGroupId: settings.SelfManagedKafkaEventSourceConfig?.ConsumerGroupId ?? uuid,
    startingPosition: settings.StartingPosition,
    batchSizeMax: settings.BatchSize,
    windowMs: window === undefined ? windowMsDefault : window * 1_000,
    reportBatchItemFailures: settings.FunctionResponseTypes?.length === 1,
    pollers: settings.ProvisionedPollerConfig?.MinimumPollers ?? 1,
  }
}

function refused(json: unknown): string[] {
  if (typeof json !== 'object' || json === null) return ['expected the JSON object of CreateEventSourceMapping']
  return Object.keys(json).flatMap((name) => (name in unsupported ? [`${name} ${unsupported[name]}`] : []))
}

function contradicting(settings: z.infer<typeof settingsSchema>): string | undefined {
  const pollers = settings.ProvisionedPollerConfig
  // The default of MaximumPollers is 200. https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html
  if (pollers && (pollers.MinimumPollers ?? 1) > (pollers.MaximumPollers ?? 200)) {
    return 'ProvisionedPollerConfig: MinimumPollers is more than MaximumPollers'
  }
  // https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
  if (settings.FunctionResponseTypes?.length && !pollers) {
    return 'FunctionResponseTypes needs provisioned mode: set ProvisionedPollerConfig too'
  }
  return undefined
}

function invalid(complaints: string[]): PipelineError {
  return new PipelineError('CONFIG_INVALID', `InvalidParameterValueException: ${complaints.join('; ')}`, {
    hint: 'Check the JSON of the event source mapping.',
  })
}
