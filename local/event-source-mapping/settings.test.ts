import { describe, expect, it } from 'vitest'
import { type MappingSettings, parseSettings, type Stage } from './settings.ts'

const selfManaged = {
  SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['localhost:9092'] } },
  Topics: ['retail-events'],
}
const arn = 'arn:aws:kafka:us-east-1:123456789012:cluster/my-cluster/uuid-25'
const msk = { EventSourceArn: arn, Topics: ['retail-events'], StartingPosition: 'LATEST' }
const provisioned = { ...selfManaged, ProvisionedPollerConfig: {} }
const queue = 'arn:aws:sqs:us-east-1:123456789012:failed'
const registry = {
  SchemaRegistryURI: 'http://localhost:8081',
  EventRecordFormat: 'JSON',
  SchemaValidationConfigs: [{ Attribute: 'VALUE' }],
}

const parse = (json: unknown, stage?: Stage): MappingSettings => parseSettings(json, 'an-id', stage)

it("fills in AWS's defaults: 100 records, a window of 500 ms, the mapping's own id as group", () => {
  expect(parse(selfManaged)).toEqual({
    functionName: null,
    functionTimeoutMs: null,
    functionMemoryMB: null,
    eventSourceArn: null,
    topic: 'retail-events',
    bootstrapServers: ['localhost:9092'],
    consumerGroupId: 'an-id',
    enabled: true,
    startingPosition: 'TRIM_HORIZON',
    startingTimestampMs: null,
    batchSizeMax: 100,
    windowMs: 500,
    filterPatterns: [],
    destination: null,
    retriesMax: null,
    recordAgeMsMax: null,
    bisectOnError: false,
    reportBatchItemFailures: false,
    provisioned: false,
    pollersMin: 1,
    pollersMax: 200,
    metrics: [],
    systemLogLevel: null,
    schemaRegistry: null,
  })
})

it('takes every setting that AWS has for Kafka', () => {
  const json = {
    ...provisioned,
    FunctionName: 'arn:aws:lambda:us-east-1:123456789012:function:consumer:live',
    Enabled: false,
    BatchSize: 10_000,
    MaximumBatchingWindowInSeconds: 300,
    StartingPosition: 'AT_TIMESTAMP',
    StartingPositionTimestamp: 1_700_000_000,
    SelfManagedKafkaEventSourceConfig: {
      ConsumerGroupId: 'a/group:1',
      ConsumptionMode: 'Stream',
      SchemaRegistryConfig: registry,
    },
    FilterCriteria: { Filters: [{ Pattern: '{"value":{"type":["purchase"]}}' }] },
    KMSKeyArn: 'arn:aws:kms:us-east-1:123456789012:key/abc',
    DestinationConfig: { OnFailure: { Destination: 'kafka://failed' } },
    MaximumRetryAttempts: 3,
    MaximumRecordAgeInSeconds: 60,
    BisectBatchOnFunctionError: true,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    ProvisionedPollerConfig: { MinimumPollers: 2, MaximumPollers: 4, PollerGroupName: 'shared' },
    MetricsConfig: { Metrics: ['EventCount', 'ErrorCount', 'KafkaMetrics'] },
    LoggingConfig: { SystemLogLevel: 'DEBUG' },
    SourceAccessConfigurations: [{ Type: 'VPC_SUBNET', URI: 'subnet:subnet-1' }],
    Tags: { team: 'retail' },
    Function: { Timeout: 840, MemorySize: 512 },
  }
  expect(parse(json, { nowMs: 1_800_000_000_000 })).toMatchObject({
    functionName: 'arn:aws:lambda:us-east-1:123456789012:function:consumer:live',
    functionTimeoutMs: 840_000,
    functionMemoryMB: 512,
    consumerGroupId: 'a/group:1',
    enabled: false,
    startingPosition: 'AT_TIMESTAMP',
    startingTimestampMs: 1_700_000_000_000,
    batchSizeMax: 10_000,
    windowMs: 300_000,
    filterPatterns: ['{"value":{"type":["purchase"]}}'],
    destination: { kind: 'kafka', topic: 'failed' },
    retriesMax: 3,
    recordAgeMsMax: 60_000,
    bisectOnError: true,
    reportBatchItemFailures: true,
    provisioned: true,
    pollersMin: 2,
    pollersMax: 4,
    metrics: ['EventCount', 'ErrorCount', 'KafkaMetrics'],
    systemLogLevel: 'DEBUG',
    schemaRegistry: { url: 'http://localhost:8081', eventRecordFormat: 'JSON', attributes: ['VALUE'] },
  })
})

it('takes a window of 0 for what it is', () => {
  expect(parse({ ...selfManaged, MaximumBatchingWindowInSeconds: 0 }).windowMs).toBe(0)
})

it('takes 1 to 200 pollers where provisioned mode names none', () => {
  expect(parse(provisioned)).toMatchObject({ provisioned: true, pollersMin: 1, pollersMax: 200 })
})

it('reads a starting time as ISO 8601 too, as the command line does', () => {
  const at = { StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: '2026-05-01T12:00:00+10:00' }
  expect(parse({ ...selfManaged, ...at }).startingTimestampMs).toBe(Date.UTC(2026, 4, 1, 2))
})

it('caps unlimited retries at 10 where there is a destination, and leaves a limit as it is', () => {
  const DestinationConfig = { OnFailure: { Destination: queue } }
  expect(parse({ ...selfManaged, DestinationConfig }).retriesMax).toBe(10)
  expect(parse({ ...provisioned, DestinationConfig, MaximumRetryAttempts: -1 }).retriesMax).toBe(10)
  expect(parse({ ...provisioned, DestinationConfig, MaximumRetryAttempts: 0 }).retriesMax).toBe(0)
  expect(parse({ ...provisioned, DestinationConfig, MaximumRetryAttempts: 500 }).retriesMax).toBe(500)
})

it('takes an empty destination for none', () => {
  const settings = parse({ ...selfManaged, DestinationConfig: { OnFailure: { Destination: '' } } })
  expect(settings).toMatchObject({ destination: null, retriesMax: null })
})

it('takes defaults that are written out, without provisioned mode', () => {
  const defaults = {
    MaximumRetryAttempts: -1,
    MaximumRecordAgeInSeconds: -1,
    BisectBatchOnFunctionError: false,
    FunctionResponseTypes: [],
    MetricsConfig: { Metrics: [] },
  }
  expect(parse({ ...selfManaged, ...defaults })).toEqual(parse(selfManaged))
})

it('runs a mapping that is written for MSK on the brokers of the stage', () => {
  const SourceAccessConfigurations = [{ Type: 'SASL_SCRAM_512_AUTH', URI: 'arn:aws:secretsmanager:x' }]
  const settings = parse({ ...msk, SourceAccessConfigurations }, { brokers: ['localhost:19092'] })
  expect(settings).toMatchObject({ eventSourceArn: arn, bootstrapServers: ['localhost:19092'] })
})

describe('refuses one value by itself with a ValidationException', () => {
  it.each([
    [
      { BatchSize: 0 },
      "Value '0' at 'BatchSize' failed to satisfy constraint: Member must have value greater than or equal to 1",
    ],
    [{ BatchSize: 10_001 }, 'Member must have value less than or equal to 10000'],
    [{ BatchSize: 1.5 }, 'BatchSize'],
    [{ MaximumBatchingWindowInSeconds: 301 }, 'MaximumBatchingWindowInSeconds'],
    [{ MaximumBatchingWindowInSeconds: 0.5 }, 'MaximumBatchingWindowInSeconds'],
    [{ Topics: [] }, "'Topics'"],
    [{ Topics: ['a', 'b'] }, 'Member must have length less than or equal to 1'],
    [{ Topics: ['no spaces'] }, 'Topics.0'],
    [{ StartingPosition: 'EARLIEST' }, 'enum value set: [TRIM_HORIZON, LATEST, AT_TIMESTAMP]'],
    [{ SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [] } } }, 'KAFKA_BOOTSTRAP_SERVERS'],
    [{ SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['localhost'] } } }, 'regular expression'],
    [{ SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'no spaces' } }, 'ConsumerGroupId'],
    [{ MaximumRetryAttempts: -2 }, 'MaximumRetryAttempts'],
    [{ MaximumRetryAttempts: 10_001 }, 'MaximumRetryAttempts'],
    [{ MaximumRecordAgeInSeconds: 604_801 }, 'MaximumRecordAgeInSeconds'],
    [{ ProvisionedPollerConfig: { MinimumPollers: 201 } }, 'MinimumPollers'],
    [{ ProvisionedPollerConfig: { MaximumPollers: 2_001 } }, 'MaximumPollers'],
    [{ FilterCriteria: { Filters: Array(6).fill({ Pattern: '{"topic":["a"]}' }) } }, 'FilterCriteria.Filters'],
    [{ FilterCriteria: { Filters: [{ Pattern: 'x'.repeat(4_097) }] } }, 'FilterCriteria.Filters.0.Pattern'],
    [{ FunctionResponseTypes: ['All'] }, 'ReportBatchItemFailures'],
    [{ MetricsConfig: { Metrics: ['Everything'] } }, 'EventCount, ErrorCount, KafkaMetrics'],
    [{ SourceAccessConfigurations: [{ Type: 'KERBEROS', URI: 'x' }] }, 'SourceAccessConfigurations.0.Type'],
    [{ BatchSizes: 10 }, 'BatchSizes'],
    [{ Function: { Timeout: 901 } }, 'Function.Timeout'],
  ])('%j', (wrong, complaint) => {
    expect(() => parse({ ...selfManaged, ...wrong })).toThrow(complaint)
    expect(() => parse({ ...selfManaged, ...wrong })).toThrow(/ValidationException: 1 validation error detected/)
  })

  it('and tells all of them at once', () => {
    expect(() => parse({ ...selfManaged, BatchSize: 0, Enabled: 'yes' })).toThrow('2 validation errors detected')
  })

  it.each([[null], ['text'], [7], [[]]])('%j in place of settings', (json) => {
    expect(() => parse(json)).toThrow('ValidationException: expected the JSON object of CreateEventSourceMapping')
  })
})

describe('refuses contradictions with an InvalidParameterValueException', () => {
  it.each([
    [{ Topics: ['a'] }, 'EventSourceArn (MSK) or SelfManagedEventSource is required'],
    [{ ...selfManaged, EventSourceArn: arn, StartingPosition: 'LATEST' }, 'exclude each other'],
    [{ ...msk, SelfManagedKafkaEventSourceConfig: {} }, 'use AmazonManagedKafkaEventSourceConfig'],
    [{ ...selfManaged, AmazonManagedKafkaEventSourceConfig: {} }, 'use SelfManagedKafkaEventSourceConfig'],
    [msk, 'the brokers of an MSK cluster are not known here'],
    [{ ...msk, SourceAccessConfigurations: [{ Type: 'BASIC_AUTH', URI: 'x' }] }, 'MSK takes SASL_SCRAM_512_AUTH'],
    [{ ...selfManaged, SourceAccessConfigurations: [{ Type: 'BASIC_AUTH', URI: 'x' }] }, 'needs a secret of AWS'],
    [{ ...msk, StartingPosition: undefined }, 'StartingPosition is required for an MSK cluster'],
    [{ ...selfManaged, StartingPosition: 'AT_TIMESTAMP' }, 'AT_TIMESTAMP needs StartingPositionTimestamp'],
    [{ ...selfManaged, StartingPositionTimestamp: 1 }, 'goes with AT_TIMESTAMP only'],
    [{ ...selfManaged, SelfManagedKafkaEventSourceConfig: { ConsumptionMode: 'Queue' } }, 'share groups'],
    [{ ...selfManaged, FunctionResponseTypes: ['ReportBatchItemFailures'] }, 'needs provisioned mode'],
    [{ ...selfManaged, MaximumRetryAttempts: 3 }, 'MaximumRetryAttempts needs provisioned mode'],
    [{ ...selfManaged, MaximumRecordAgeInSeconds: 60 }, 'MaximumRecordAgeInSeconds needs provisioned mode'],
    [{ ...selfManaged, BisectBatchOnFunctionError: true }, 'BisectBatchOnFunctionError needs provisioned mode'],
    [{ ...selfManaged, MetricsConfig: { Metrics: ['EventCount'] } }, 'MetricsConfig needs provisioned mode'],
    [{ ...selfManaged, LoggingConfig: { SystemLogLevel: 'INFO' } }, 'LoggingConfig needs provisioned mode'],
    [
      { ...selfManaged, SelfManagedKafkaEventSourceConfig: { SchemaRegistryConfig: registry } },
      'SchemaRegistryConfig needs provisioned mode',
    ],
    [
      { ...selfManaged, DestinationConfig: { OnFailure: { Destination: 'kafka://failed' } } },
      'A kafka:// destination needs provisioned mode',
    ],
    [{ ...provisioned, MaximumRecordAgeInSeconds: 59 }, '-1 (no limit) or 60 to 604800'],
    [
      { ...provisioned, ProvisionedPollerConfig: { MinimumPollers: 3, MaximumPollers: 2 } },
      'is more than MaximumPollers',
    ],
    [
      { ...provisioned, DestinationConfig: { OnFailure: { Destination: 'kafka://retail-events' } } },
      'the source topic',
    ],
    [{ ...selfManaged, DestinationConfig: { OnFailure: { Destination: `${queue}.fifo` } } }, 'FIFO'],
    [{ ...selfManaged, DestinationConfig: { OnFailure: { Destination: 'my-queue' } } }, 'expected kafka://topic'],
    [{ ...selfManaged, DestinationConfig: { OnSuccess: { Destination: queue } } }, 'OnSuccess is not supported'],
    [
      { ...selfManaged, FilterCriteria: { Filters: [{ Pattern: '{"value":"x"}' }] } },
      'Invalid filter pattern definition.',
    ],
    [{ ...selfManaged, ParallelizationFactor: 2 }, "Unsupported 'ParallelizationFactor' parameter"],
    [{ ...selfManaged, TumblingWindowInSeconds: 2 }, "Unsupported 'TumblingWindowInSeconds' parameter"],
    [{ ...selfManaged, Function: { Timeout: 841 } }, 'at most 840 s'],
    [
      {
        ...provisioned,
        SelfManagedKafkaEventSourceConfig: {
          SchemaRegistryConfig: { ...registry, SchemaRegistryURI: 'arn:aws:glue:us-east-1:123456789012:registry/r' },
        },
      },
      'Glue cannot be reached',
    ],
  ])('%j', (json, complaint) => {
    expect(() => parse(json)).toThrow(complaint)
    expect(() => parse(json)).toThrow('InvalidParameterValueException')
  })

  it('a starting time that lies ahead of the clock', () => {
    const json = { ...selfManaged, StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: 2 }
    expect(() => parse(json, { nowMs: 1_999 })).toThrow('lies in the future')
    expect(parse(json, { nowMs: 2_000 }).startingTimestampMs).toBe(2_000)
  })

  it('a function that may run for more than 14 minutes', () => {
    expect(() => parse(selfManaged, { functionTimeoutSeconds: 900 })).toThrow('at most 840 s')
    expect(() => parse(selfManaged, { functionTimeoutSeconds: 840 })).not.toThrow()
  })
})
