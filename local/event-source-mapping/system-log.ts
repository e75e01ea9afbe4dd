// The system log of a mapping: the three kinds of events that Lambda writes, in its format.
// https://docs.aws.amazon.com/lambda/latest/dg/esm-logging.html
import type { Happening } from './happening.ts'
import type { SystemLogLevel } from './settings.ts'
import type { PartitionState } from './state.ts'

export interface LoggedMapping {
  uuid: string
  /** Of the mapping. */
  resourceArn: string
  /** null for self-managed Kafka. */
  eventSourceArn: string | null
  bootstrapServers: readonly string[]
  topic: string
  consumerGroupId: string
  /** Of the topic; null as long as it is not known. */
  totalPartitionCount: () => number | null
}

export interface PartitionOffsets {
  /** `<topic>-<partition>` */
  partition: string
  /** The next one that Kafka will give. */
  endOffset: number | null
  /** The last one that was read, and the last one below which all are resolved. */
  consumedOffset: number | null
  processedOffset: number | null
  /** The next one to read, as Kafka keeps it for the group: one more than the last one processed. */
  committedOffset: number | null
}

interface CommonFields {
  /** ms since 1970 */
  timestamp: number
  resourceArn: string
  eventSourceArn?: string
  eventProcessorId: string
  logLevel: SystemLogLevel
}

export type SystemLogEvent = CommonFields &
  (
    | { eventType: 'ESM_PROCESSING_EVENT'; error: { errorMessage: string; errorCode: string } }
    | { eventType: 'POLLER_STATUS_EVENT'; kafkaEventSourceConnection: object }
    | { eventType: 'KAFKA_STATUS_EVENT'; kafkaPartitionOffsets: readonly PartitionOffsets[] }
  )

/** How often the offsets are logged. */
export const kafkaStatusEveryMs = 60_000

const severity: Record<SystemLogLevel, number> = { DEBUG: 0, INFO: 1, WARN: 2 }

/** Without a level nothing is logged. */
function isLogged({ logLevel }: SystemLogEvent, level: SystemLogLevel | null): boolean {
  return level !== null && severity[logLevel] >= severity[level]
}

export interface SystemLog {
  /** To be called for everything that happens. */
  happened(happening: Happening): void
  /** To be called every `kafkaStatusEveryMs`; since 1970. */
  status(offsets: readonly PartitionOffsets[], nowMs: number): void
}

/** Writes, one event a call, what a mapping with this `SystemLogLevel` logs. */
export function systemLog(
  mapping: LoggedMapping,
  level: SystemLogLevel | null,
  write: (event: SystemLogEvent) => void,
): SystemLog {
  let generation = 0
  const log = (event: SystemLogEvent | null) => {
    if (event && isLogged(event, level)) write(event)
  }
  return {
    happened(happening) {
      if (happening.type === 'assigned') generation += 1
      log(logEventOf(mapping, happening, generation))
    },
    status: (offsets, nowMs) => log(kafkaStatus(mapping, offsets, nowMs)),
  }
}

/** The event that goes with what happened; null where Lambda would write none. */
function logEventOf(mapping: LoggedMapping, happening: Happening, generation: number): SystemLogEvent | null {
  switch (happening.type) {
    case 'assigned':
      return pollerStatus(mapping, happening, generation)
    case 'poll-error':
      return processing(mapping, happening.t, 'POLLING_ERROR', happening.error)
    case 'commit-error':
      return processing(mapping, happening.t, 'COMMIT_ERROR', happening.error)
    case 'out-of-range': {
      const message = `Offset ${happening.from ?? 'unknown'} of ${happening.partition} is out of range, went on at ${happening.to}`
      return processing(mapping, happening.t, 'OFFSET_OUT_OF_RANGE', message)
    }
    case 'result':
      return happening.outcome === 'error' || happening.outcome === 'throttled'
        ? processing(mapping, happening.t, 'INVOKE_ERROR', happening.error ?? happening.outcome)
        : null
    case 'dropped':
      return processing(
        mapping,
        happening.t,
        happening.reason,
        `${happening.detail}: ${JSON.stringify(happening.records)}`,
      )
    default:
      return null
  }
}

function kafkaStatus(mapping: LoggedMapping, offsets: readonly PartitionOffsets[], nowMs: number): SystemLogEvent {
  return { eventType: 'KAFKA_STATUS_EVENT', ...common(mapping, 'DEBUG', nowMs), kafkaPartitionOffsets: offsets }
}

function pollerStatus(
  mapping: LoggedMapping,
  { partitions, t }: Extract<Happening, { type: 'assigned' }>,
  partitionsAssignmentGeneration: number,
): SystemLogEvent {
  const kafkaEventSourceConnection = {
    brokerEndpoints: mapping.bootstrapServers.join(','),
    consumerId: `${mapping.uuid}-0`,
    topics: [mapping.topic],
    consumerGroupId: mapping.consumerGroupId,
    securityProtocol: 'PLAINTEXT',
    saslMechanism: null,
    totalPartitionCount: mapping.totalPartitionCount(),
    assignedPartitionCount: partitions.length,
    partitionsAssignmentGeneration,
    assignedPartitions: partitions,
  }
  return { eventType: 'POLLER_STATUS_EVENT', ...common(mapping, 'INFO', t), kafkaEventSourceConnection }
}

/** Our choice: the codes are ours, but for the conditions under which records are given up; AWS lists none. */
function processing(mapping: LoggedMapping, t: number, errorCode: string, errorMessage: string): SystemLogEvent {
  return { eventType: 'ESM_PROCESSING_EVENT', ...common(mapping, 'WARN', t), error: { errorMessage, errorCode } }
}

function common(
  { uuid, resourceArn, eventSourceArn }: LoggedMapping,
  logLevel: SystemLogLevel,
  timestamp: number,
): CommonFields {
  const source = eventSourceArn === null ? {} : { eventSourceArn }
  return { timestamp, resourceArn, ...source, eventProcessorId: `${uuid}/0`, logLevel }
}

/** What a mapping's state says of its partitions, as the log has it. */
export function partitionOffsets(partitions: readonly PartitionState[]): PartitionOffsets[] {
  return partitions.map(({ topic, partition, endOffset, nextOffset, committedOffset }) => ({
    partition: `${topic}-${partition}`,
    endOffset,
    consumedOffset: nextOffset === null ? null : nextOffset - 1,
    processedOffset: committedOffset === null ? null : committedOffset - 1,
    committedOffset,
  }))
}
