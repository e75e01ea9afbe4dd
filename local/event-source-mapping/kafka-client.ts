// kafkajs as a poller wants it: its times, its sizes, and how long it tries.
import { type Consumer, Kafka, type LogEntry, logLevel } from 'kafkajs'
import type { PollerOptions } from './polling.ts'

/** Short: a dead member is noticed after the session time-out alone, as kafkajs has no static membership. Kafka allows 6 s. */
const sessionTimeoutMs = 6_000
export const heartbeatMs = 1_000
/** A member that does not rejoin within this is given up. The poller's loop never keeps a rebalance waiting for longer than a heartbeat. */
const rebalanceTimeoutMs = 10_000
/** How long a resumed partition may wait for the running long poll. */
const fetchWaitMs = 50
export const fetchBytesMax = 10 * 1024 * 1024
const partitionFetchBytesMax = 1024 * 1024
/** New partitions of the topic are noticed after this. */
const metadataAgeMsMax = 30_000

/** `log` is given what kafkajs finds wrong. */
export function openKafka(
  { clientId, bootstrapServers }: Pick<PollerOptions, 'clientId' | 'bootstrapServers'>,
  log: (entry: LogEntry) => void,
): Kafka {
  return new Kafka({
    clientId,
    brokers: bootstrapServers,
    connectionTimeout: 1_000,
    requestTimeout: 10_000,
    // Short, because a broker that restarts should be met at once; what outlasts them ends the session and begins another.
    retry: { initialRetryTime: 50, maxRetryTime: 250, retries: 5, restartOnFailure: async () => false },
    logLevel: logLevel.ERROR,
    logCreator: () => log,
  })
}

export function openConsumer(kafka: Kafka, groupId: string): Consumer {
  return kafka.consumer({
    groupId,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: rebalanceTimeoutMs,
    heartbeatInterval: heartbeatMs,
    maxWaitTimeInMs: fetchWaitMs,
    minBytes: 1,
    maxBytes: fetchBytesMax,
    maxBytesPerPartition: partitionFetchBytesMax,
    metadataMaxAge: metadataAgeMsMax,
    // As on AWS, the topic must exist.
    allowAutoTopicCreation: false,
  })
}
