import { expect, it } from 'vitest'
import { parseSettings } from './settings.ts'

const least = {
  SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['localhost:9092'] } },
  Topics: ['retail-events'],
}

it("fills in AWS's defaults: 100 records, a window of 500 ms, the mapping's own id as group", () => {
  expect(parseSettings(least, 'an-id')).toEqual({
    topic: 'retail-events',
    bootstrapServers: ['localhost:9092'],
    consumerGroupId: 'an-id',
    startingPosition: 'TRIM_HORIZON',
    batchSizeMax: 100,
    windowMs: 500,
    reportBatchItemFailures: false,
    pollers: 1,
  })
})

it('takes a window of 0 for what it is, and seconds for the others', () => {
  expect(parseSettings({ ...least, MaximumBatchingWindowInSeconds: 0 }, 'id').windowMs).toBe(0)
  expect(parseSettings({ ...least, MaximumBatchingWindowInSeconds: 300 }, 'id').windowMs).toBe(300_000)
})

it('turns partial batch responses on in provisioned mode', () => {
  const settings = { ...least, FunctionResponseTypes: ['ReportBatchItemFailures'], ProvisionedPollerConfig: {} }
  expect(parseSettings(settings, 'id')).toMatchObject({ reportBatchItemFailures: true, pollers: 1 })
})

it.each([
  [{ BatchSize: 0 }, 'BatchSize'],
  [{ BatchSize: 10_001 }, 'BatchSize'],
  [{ BatchSize: 1.5 }, 'BatchSize'],
  [{ MaximumBatchingWindowInSeconds: 301 }, 'MaximumBatchingWindowInSeconds'],
  [{ MaximumBatchingWindowInSeconds: 0.5 }, 'MaximumBatchingWindowInSeconds'],
  [{ Topics: [] }, 'Topics: takes exactly one topic'],
  [{ Topics: ['a', 'b'] }, 'Topics: takes exactly one topic'],
  [{ Topics: ['no spaces'] }, 'Topics'],
  [{ StartingPosition: 'EARLIEST' }, 'StartingPosition'],
  [{ StartingPosition: 'AT_TIMESTAMP' }, 'StartingPosition'],
  [{ SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [] } } }, 'KAFKA_BOOTSTRAP_SERVERS'],
  [{ SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['localhost'] } } }, 'is not host:port'],
  [{ SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'no spaces' } }, 'ConsumerGroupId'],
  [{ SelfManagedKafkaEventSourceConfig: { ConsumptionMode: 'Queue' } }, 'share groups'],
  [{ FunctionResponseTypes: ['ReportBatchItemFailures'] }, 'needs provisioned mode'],
  [{ ProvisionedPollerConfig: { MinimumPollers: 3, MaximumPollers: 2 } }, 'MinimumPollers is more than MaximumPollers'],
  [{ BatchSizes: 10 }, 'BatchSizes'],
  [{ FilterCriteria: { Filters: [] } }, 'FilterCriteria is not supported here yet'],
  [{ MaximumRetryAttempts: 3 }, 'MaximumRetryAttempts is not supported here yet'],
  [{ DestinationConfig: {} }, 'DestinationConfig is not supported here yet'],
  [{ BisectBatchOnFunctionError: true }, 'BisectBatchOnFunctionError is not supported here yet'],
  [{ ParallelizationFactor: 2 }, 'not a setting of Kafka mappings'],
  [{ Enabled: false }, 'Enabled'],
])('refuses %j', (wrong, complaint) => {
  expect(() => parseSettings({ ...least, ...wrong }, 'id')).toThrow(complaint)
  expect(() => parseSettings({ ...least, ...wrong }, 'id')).toThrow('InvalidParameterValueException')
})

it.each([null, 'text', 7])('refuses %j in place of settings', (json) => {
  expect(() => parseSettings(json, 'id')).toThrow('CreateEventSourceMapping')
})
