import { expect, it } from 'vitest'
import type { Happening } from './happening.ts'
import type { SystemLogLevel } from './settings.ts'
import type { PartitionState } from './state.ts'
import { type LoggedMapping, partitionOffsets, type SystemLogEvent, systemLog } from './system-log.ts'

const mapping: LoggedMapping = {
  uuid: 'a-uuid',
  resourceArn: 'arn:aws:lambda:us-east-1:123456789012:event-source-mapping:a-uuid',
  eventSourceArn: null,
  bootstrapServers: ['localhost:9092', 'localhost:9093'],
  topic: 'test',
  consumerGroupId: 'a-group',
  totalPartitionCount: () => 3,
}
const common = { timestamp: 1000, resourceArn: mapping.resourceArn, eventProcessorId: 'a-uuid/0' }

/** What is written of these happenings, or of a list of offsets. */
function logged(level: SystemLogLevel | null, ...happened: (Happening | object[])[]): SystemLogEvent[] {
  const events: SystemLogEvent[] = []
  const log = systemLog(mapping, level, (event) => events.push(event))
  for (const one of happened) {
    if (Array.isArray(one)) log.status(one as never, 1000)
    else log.happened(one)
  }
  return events
}

const assigned: Happening = { t: 1000, type: 'assigned', partitions: ['test-0', 'test-2'], lost: [] }
const pollError: Happening = { t: 1000, type: 'poll-error', error: 'no broker', delayMs: 1 }
const offsets = [
  { partition: 'test-1', endOffset: 5004, consumedOffset: 5003, processedOffset: 5003, committedOffset: 5004 },
]

it('says at INFO which partitions a poller has, and counts the assignments', () => {
  const connection = {
    brokerEndpoints: 'localhost:9092,localhost:9093',
    consumerId: 'a-uuid-0',
    topics: ['test'],
    consumerGroupId: 'a-group',
    securityProtocol: 'PLAINTEXT',
    saslMechanism: null,
    totalPartitionCount: 3,
    assignedPartitionCount: 2,
    partitionsAssignmentGeneration: 1,
    assignedPartitions: ['test-0', 'test-2'],
  }
  const event = {
    ...common,
    eventType: 'POLLER_STATUS_EVENT',
    logLevel: 'INFO',
    kafkaEventSourceConnection: connection,
  }
  const second = { ...event, kafkaEventSourceConnection: { ...connection, partitionsAssignmentGeneration: 2 } }
  expect(logged('INFO', assigned, assigned)).toEqual([event, second])
})

it('says at WARN what went wrong', () => {
  expect(logged('WARN', pollError)).toEqual([
    {
      ...common,
      eventType: 'ESM_PROCESSING_EVENT',
      logLevel: 'WARN',
      error: { errorMessage: 'no broker', errorCode: 'POLLING_ERROR' },
    },
  ])
})

it('names topic, partition and offset of a record that is dropped', () => {
  const reason = 'MaximumPayloadSizeExceeded'
  const [event] = logged('WARN', { t: 1000, type: 'dropped', records: { 'test-1': [42] }, reason, detail: 'Too large' })
  expect(event).toMatchObject({ error: { errorMessage: 'Too large: {"test-1":[42]}', errorCode: reason } })
})

it('says at DEBUG where every partition stands', () => {
  const state = { topic: 'test', partition: 1, endOffset: 5004, nextOffset: 5004, committedOffset: 5004 }
  expect(partitionOffsets([state as PartitionState])).toEqual(offsets)
  expect(logged('DEBUG', offsets)).toEqual([
    { ...common, eventType: 'KAFKA_STATUS_EVENT', logLevel: 'DEBUG', kafkaPartitionOffsets: offsets },
  ])
})

it('is silent about what goes well', () => {
  expect(logged('DEBUG', { t: 1000, type: 'commit', offsets: { 'test-0': 1 } })).toEqual([])
})

it.each([
  ['DEBUG', ['DEBUG', 'INFO', 'WARN']],
  ['INFO', ['INFO', 'WARN']],
  ['WARN', ['WARN']],
  [null, []],
] as const)('with the level %s writes what is at least as severe', (level, written) => {
  expect(logged(level, offsets, assigned, pollError).map(({ logLevel }) => logLevel)).toEqual(written)
})
