// The event that a Kafka event source mapping hands to a function, for MSK and for self-managed Kafka.
// The shapes are ours: @types/aws-lambda has neither tombstones, nor absent keys, nor a batch response for Kafka.

/** https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html */
export interface KafkaEvent {
  eventSource: 'aws:kafka' | 'SelfManagedKafka'
  /** MSK only. */
  eventSourceArn?: string
  /** One comma-joined string, not an array. */
  bootstrapServers?: string | null
  /** Key: `<topic>-<partition>`; value: records in offset order. */
  records: Record<string, KafkaEventRecord[]>
}

export interface KafkaEventRecord {
  topic: string
  partition: number
  offset: number
  /** Milliseconds since 1970. */
  timestamp: number
  timestampType?: 'CREATE_TIME' | 'LOG_APPEND_TIME'
  /** Base64. Absent, null and '' all mean "no key": AWS's own libraries meet all three. */
  key?: string | null
  /** Base64. Absent or null is a tombstone; '' is an empty value. */
  value?: string | null
  /** One name per element, in order; values are bytes, possibly Java's signed ones. */
  headers?: Record<string, number[]>[] | null
}

/** What a function answers when its mapping has `ReportBatchItemFailures`; null, {} and [] are a success. */
export interface KafkaBatchResponse {
  batchItemFailures: { itemIdentifier: { partition: string; offset: number } }[]
}

/** The part of Lambda's context object that handlers here use. */
export interface LambdaContext {
  functionName: string
  functionVersion: string
  invokedFunctionArn: string
  memoryLimitInMB: string
  awsRequestId: string
  logGroupName: string
  logStreamName: string
  callbackWaitsForEmptyEventLoop: boolean
  getRemainingTimeInMillis(): number
}

/** What EventBridge Scheduler sends; `detail` is the schedule's input. https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html */
export interface ScheduleEvent {
  /** ISO 8601, the moment this firing was due. */
  time: string
  /** The schedule's name. */
  schedule: string
}
