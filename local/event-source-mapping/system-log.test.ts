import { expect, it } from 'vitest'
import type { Happening } from './happening.ts'
import { isLogged, kafkaStatus, type LoggedMapping, logEventOf } from './system-log.ts'

const mapping: LoggedMapping = {
  uuid: 'a-uuid',
  resourceArn: 'arn:aws:lambda:us-east-1:123456789012:event-source-mapping:a-uuid',
  eventSourceArn: null,
  bootstrapServers: ['localhost:9092', 'localhost:9093'],
  topic: 'test',
  consumerGroupId: 'a-group',
}
const status = { totalPartitionCount: 3, partitionsAssignmentGeneration: 5 }
const common = { timestamp: 1000, resourceArn: mapping.resourceArn, eventProcessorId: 'a-uuid/0' }
const logged = (happening: Happening) => logEventOf(mapping, happening, status)

it('says at INFO which partitions a poller has', () => {
  expect(logged({ t: 1000, type: 'assigned', partitions: ['test-0', 'test-2'], lost: [] })).toEqual({
    ...common,
    eventType: 'POLLER_STATUS_EVENT',
    logLevel: 'INFO',
    kafkaEventSourceConnection: {
      brokerEndpoints: 'localhost:9092,localhost:9093',
      consumerId: 'a-uuid-0',
      topics: ['test'],
      consumerGroupId: 'a-group',
      securityProtocol: 'PLAINTEXT',
      saslMechanism: null,
      totalPartitionCount: 3,
      assignedPartitionCount: 2,
      partitionsAssignmentGeneration: 5,
      assignedPartitions: ['test-0', 'test-2'],
    },
  })
})

it('says at WARN what went wrong', () => {
  expect(logged({ t: 1000, type: 'poll-error', error: 'no broker', delayMs: 1 })).toEqual({
    ...common,
    eventType: 'ESM_PROCESSING_EVENT',
    logLevel: 'WARN',
    error: { errorMessage: 'no broker', errorCode: 'POLLING_ERROR' },
  })
})

it('names topic, partition and offset of a record that is dropped', () => {
  const reason = 'MaximumPayloadSizeExceeded'
  expect(logged({ t: 1000, type: 'dropped', records: { 'test-1': [42] }, reason, detail: 'Too large' })).toMatchObject({
    error: { errorMessage: 'Too large: {"test-1":[42]}', errorCode: reason },
  })
})

it('says at DEBUG where every partition stands', () => {
  const offsets = [
    { partition: 'test-1', endOffset: 5004, consumedOffset: 5003, processedOffset: 5003, committedOffset: 5004 },
  ]
  expect(kafkaStatus(mapping, offsets, 1000)).toEqual({
    ...common,
    eventType: 'KAFKA_STATUS_EVENT',
    logLevel: 'DEBUG',
    kafkaPartitionOffsets: offsets,
  })
})

it('is silent about what goes well', () => {
  expect(logged({ t: 1000, type: 'commit', offsets: { 'test-0': 1 } })).toBeNull()
})

it('writes what is at least as severe as the level, and nothing without one', () => {
  const events = [
    kafkaStatus(mapping, [], 1000),
    logged({ t: 1000, type: 'assigned', partitions: [], lost: [] }),
    logged({ t: 1000, type: 'poll-error', error: 'E', delayMs: 1 }),
  ].filter((event) => event !== null)
  const levels = (['DEBUG', 'INFO', 'WARN', null] as const).map((level) =>
    events.map((event) => isLogged(event, level)),
  )
  expect(levels).toEqual([
    [true, true, true],
    [false, true, true],
    [false, false, true],
    [false, false, false],
  ])
})
