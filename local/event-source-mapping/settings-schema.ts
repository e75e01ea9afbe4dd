// The shape of CreateEventSourceMapping for Kafka: names, types, lengths and ranges, each member by itself.
// https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
import { z } from 'zod'

/** Filters a mapping may have; AWS raises it to 10 on request. https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html */
export const filtersMax = 5

/** Characters of a filter pattern. Not found in AWS's documents as they are today; it is the limit AWS is known by. */
export const patternLengthMax = 4096

/** Lambda's own limit is 900 s; with a Kafka mapping it is 14 minutes. https://docs.aws.amazon.com/lambda/latest/dg/with-msk-configure.html */
export const functionTimeoutSecondsMax = 14 * 60

const topic = z.string().regex(/^[a-zA-Z0-9._-]{1,249}$/)
const server = z
  .string()
  .min(1)
  .max(300)
  .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:,/]+):\d{1,5}$/)

const registryAccess = z.enum([
  'BASIC_AUTH',
  'CLIENT_CERTIFICATE_TLS_AUTH',
  'SERVER_ROOT_CA_CERTIFICATE',
  'OAUTHBEARER_AUTH',
])

const registry = z.strictObject({
  SchemaRegistryURI: z.string().regex(/^(https?:\/\/|arn:aws[a-z-]*:glue:)[^\s]{1,10000}$/),
  EventRecordFormat: z.enum(['JSON', 'SOURCE']),
  AccessConfigs: z
    .array(z.strictObject({ Type: registryAccess, URI: z.string().min(1).max(10_000) }))
    .max(2)
    .optional(),
  SchemaValidationConfigs: z
    .array(z.strictObject({ Attribute: z.enum(['KEY', 'VALUE']) }))
    .min(1)
    .max(2),
})

export const groupId = z.string().regex(/^[a-zA-Z0-9\-/*:_+=.@]{1,200}$/)

export const accessTypes = [
  'BASIC_AUTH',
  'SASL_SCRAM_256_AUTH',
  'SASL_SCRAM_512_AUTH',
  'CLIENT_CERTIFICATE_TLS_AUTH',
  'SERVER_ROOT_CA_CERTIFICATE',
  'OAUTHBEARER_AUTH',
  'OAUTHBEARER_SCOPE',
  'OAUTHBEARER_AUDIENCE',
  'OAUTHBEARER_LOGICAL_CLUSTER',
  'OAUTHBEARER_IDENTITY_POOL',
  'IAM_AUTH',
  'IAM_OAUTHBEARER_AUTH',
  'VPC_SUBNET',
  'VPC_SECURITY_GROUP',
] as const

export const settingsSchema = z.strictObject({
  // Required by AWS. Here whoever starts the mapping knows the function, so it may be absent.
  FunctionName: z
    .string()
    .max(170)
    .regex(
      /^(arn:aws[a-zA-Z-]*:lambda:)?([a-z]{2,}(-[a-z]+)+-\d:)?(\d{12}:)?(function:)?[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?$/,
    )
    .optional(),
  EventSourceArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:kafka:[a-z0-9-]+:\d{12}:(cluster|vpc-connection)\/\S{1,300}$/)
    .optional(),
  SelfManagedEventSource: z
    .strictObject({
      Endpoints: z.strictObject({ KAFKA_BOOTSTRAP_SERVERS: z.array(server).min(1).max(10) }),
    })
    .optional(),
  Topics: z.array(topic).min(1).max(1),
  Enabled: z.boolean().default(true),
  BatchSize: z.int().min(1).max(10_000).default(100),
  MaximumBatchingWindowInSeconds: z.int().min(0).max(300).optional(),
  StartingPosition: z.enum(['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP']).optional(),
  /** Seconds since 1970, or ISO 8601 as the command line takes it too. */
  StartingPositionTimestamp: z.union([z.number().min(0), z.iso.datetime({ offset: true })]).optional(),
  AmazonManagedKafkaEventSourceConfig: z
    .strictObject({ ConsumerGroupId: groupId.optional(), SchemaRegistryConfig: registry.optional() })
    .optional(),
  SelfManagedKafkaEventSourceConfig: z
    .strictObject({
      ConsumerGroupId: groupId.optional(),
      SchemaRegistryConfig: registry.optional(),
      ConsumptionMode: z.enum(['Stream', 'Queue']).optional(),
    })
    .optional(),
  FilterCriteria: z
    .strictObject({
      Filters: z
        .array(z.strictObject({ Pattern: z.string().max(patternLengthMax) }))
        .max(filtersMax)
        .optional(),
    })
    .optional(),
  // It encrypts the filters at rest in AWS; a file on this machine is as readable as its owner made it.
  KMSKeyArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:\S+$/)
    .optional(),
  DestinationConfig: z
    .strictObject({
      OnFailure: z.strictObject({ Destination: z.string().max(350).optional() }).optional(),
      OnSuccess: z.strictObject({ Destination: z.string().max(350).optional() }).optional(),
    })
    .optional(),
  MaximumRetryAttempts: z.int().min(-1).max(10_000).default(-1),
  MaximumRecordAgeInSeconds: z.int().min(-1).max(604_800).default(-1),
  BisectBatchOnFunctionError: z.boolean().default(false),
  FunctionResponseTypes: z
    .array(z.enum(['ReportBatchItemFailures']))
    .max(1)
    .default([]),
  ProvisionedPollerConfig: z
    .strictObject({
      MinimumPollers: z.int().min(1).max(200).optional(),
      MaximumPollers: z.int().min(1).max(2_000).optional(),
      // Pollers that are shared cost less and behave the same: there is nothing to do with it here.
      PollerGroupName: z.string().max(128).optional(),
    })
    .optional(),
  MetricsConfig: z
    .strictObject({
      Metrics: z
        .array(z.enum(['EventCount', 'ErrorCount', 'KafkaMetrics']))
        .max(3)
        .optional(),
    })
    .optional(),
  LoggingConfig: z.strictObject({ SystemLogLevel: z.enum(['DEBUG', 'INFO', 'WARN']).optional() }).optional(),
  SourceAccessConfigurations: z
    .array(z.strictObject({ Type: z.enum(accessTypes), URI: z.string().min(1).max(10_000) }))
    .max(22)
    .optional(),
  Tags: z.record(z.string().max(128), z.string().max(256)).optional(),
  /** Ours, and not AWS's: the function's limits, for a mapping that is run by itself. */
  Function: z
    .strictObject({
      Timeout: z.int().min(1).max(900).optional(),
      MemorySize: z.int().min(128).max(10_240).optional(),
    })
    .optional(),
})

export type SettingsJson = z.infer<typeof settingsSchema>
