// Every row of docs/event-source-mapping.md, by its section, with the title of a test that shows it.

const settings = {
  all: 'takes every setting that AWS has for Kafka',
  defaults: "fills in AWS's defaults: 100 records, a window of 500 ms, the mapping's own id as group",
  refused: '%j',
}
const event = 'builds the event of self-managed Kafka, field by field'
const absent = 'leaves out the key and the value that a record does not have, and keeps empty ones'
const msk = 'names the cluster of MSK, and the schemas that a registry decoded by'
const bytes = 'carries every byte of every record to the function, and takes no more room than was reckoned'
const metadata = "%s gets one message for the batch: AWS's metadata, member by member"
const condition = 'the condition %s has one name for all'
const damaged = '%s stands in the way of its partition alone: that is told, shown, and nothing is skipped'

export const documentedRows: Record<string, Record<string, string>> = {
  'Many processes of one mapping': {
    '`--pipeline NAME`, or `--mapping FILE` and `--handler FILE#EXPORT`':
      'takes function, limits and settings of a mapping of the pipeline from its description',
    '`--brokers host:port,...`': 'takes Kafka and group from the environment where no option names them',
    '`--group ID`': "runs a file's mapping with its own Kafka, and its UUID as the group where it names none",
    '`--health host:port`': 'answers with the verdict and what it was given for',
    '`--events FILE`':
      'share its partitions; when one is killed in the middle of a batch, the others take over and nothing is skipped',
    '`--retry-backoff-ms MIN..MAX`': 'doubles from 1 s to 30 s and stays there, however often it failed',
    '`--nulls`': 'writes null for what a record does not have, for who asks for it',
    '`--env KEY=VALUE`': 'sees the variables it was given and those of Lambda, and nothing of the process around it',
    '`--data DIR`': 'does without where nothing can be written',
  },
  'The event': {
    '`eventSource`': event,
    '`eventSourceArn`': msk,
    '`bootstrapServers`': event,
    '`records`': bytes,
    '`topic`, `partition`, `offset`, `timestamp`': event,
    '`timestampType`': event,
    '`key`, `value`': event,
    'no key': absent,
    tombstone: absent,
    '`headers`': event,
    'the same header twice': event,
    'bytes of headers': event,
    '`keySchemaMetadata`, `valueSchemaMetadata`': msk,
    'partitions of an event': bytes,
  },
  Settings: {
    '`FunctionName`': settings.all,
    '`EventSourceArn`': 'runs a mapping that is written for MSK on the brokers of the stage',
    '`SelfManagedEventSource`': settings.refused,
    '`Topics`': settings.refused,
    '`Enabled`': settings.all,
    '`BatchSize`': settings.defaults,
    '`MaximumBatchingWindowInSeconds`': 'takes a window of 0 for what it is',
    '`StartingPosition`': 'begins at the end of the topic with LATEST, and misses nothing across a restart after that',
    '`StartingPositionTimestamp`': 'begins at the first record of the time that AT_TIMESTAMP names',
    '`AmazonManagedKafkaEventSourceConfig`': settings.refused,
    '`SelfManagedKafkaEventSourceConfig`': settings.refused,
    '`ConsumerGroupId`': 'refuses a group id that another mapping has',
    '`SchemaRegistryConfig`': 'is decoded in key and value, in one of them, or in neither',
    '`ConsumptionMode`': settings.refused,
    '`FilterCriteria`': "refuses %s in AWS's words",
    '`KMSKeyArn`': settings.all,
    '`DestinationConfig`': 'takes an empty destination for none',
    '`MaximumRetryAttempts`': 'caps unlimited retries at 10 where there is a destination, and leaves a limit as it is',
    '`MaximumRecordAgeInSeconds`':
      'gives up records that are too old, also before their first attempt, and tries the others',
    '`BisectBatchOnFunctionError`':
      'cuts a failing batch in two until the poison record is alone, in order, and gives up that one only',
    '`FunctionResponseTypes`': 'takes any answer for a success without ReportBatchItemFailures',
    '`ProvisionedPollerConfig`': 'doubles while batches wait for a slot, up to the most that is set',
    '`PollerGroupName`': settings.all,
    '`MetricsConfig`': 'tells only the groups that are asked for',
    '`LoggingConfig`': 'with the level %s writes what is at least as severe',
    '`SourceAccessConfigurations`': settings.refused,
    '`Tags`': settings.all,
    '`Function`': settings.all,
    '`ParallelizationFactor`, `TumblingWindowInSeconds`, `ScalingConfig`': settings.refused,
    'a default that is written out': 'takes defaults that are written out, without provisioned mode',
    'the text for a setting that needs provisioned mode': settings.refused,
    "a function's time-out": 'a function that may run for more than 14 minutes',
    'payload of an invocation': 'cuts batches by their payload, and drops alone a record that fits into no invocation',
    "Kafka's version":
      'brings every record to the function, in order within its partition, and commits behind the last',
    'two mappings of one function on the same topic and brokers':
      'refuses a second mapping of a function on the same topic',
    'states of a mapping':
      'says that Kafka is out of reach, goes on trying, and goes on after a restart without losing anything',
    'changing a mapping': 'begins at the end of the topic with LATEST, and misses nothing across a restart after that',
    'a bad filter pattern': "refuses %s in AWS's words",
    "a poller's throughput":
      'tells of provisioned pollers how many there are, the units they make, and what they have read',
  },
  Delivery: {
    order: 'brings every record to the function, in order within its partition, and commits behind the last',
    guarantee:
      'share its partitions; when one is killed in the middle of a batch, the others take over and nothing is skipped',
    concurrency: 'invokes partitions beside each other, never more than allowed',
    'other members of the group': 'shares a topic with another mapping of its group, and hands over without loss',
    'when a batch is cut': 'does not wait for the window once the records of all partitions make a batch',
    'when the window starts': 'begins the window anew when the last batch of the partition is over',
    'which partitions share a batch': 'takes the longest waiting partition first and fills up with the next',
    'Lambda extensions': 'begins the window anew when the last batch of the partition is over',
    commit: 'commits nothing before the function has succeeded, and delivers again to the next mapping',
    'filtered records':
      'invokes with what a filter lets through alone, and commits the rest with it, or without any invocation',
    'a function error, time-out or crash':
      'is tried again whole after 1 s, 2 s, 4 s; its partition waits, the others go on',
    'a throttle, or a function out of reach': 'does not count a throttle as an attempt',
    'time between attempts': 'doubles from 1 s to 30 s and stays there, however often it failed',
    bisecting: 'holds the commit at the half that is not done, while the other one is',
    'no attempt left, or a record too old': 'counts retries, not the first attempt, against the limit',
    'a record too large for any event':
      'gives up a record that fits into no invocation at its turn, and not before, with those like it that follow',
    'records that retention took': 'says which records were deleted before they were read, and goes on behind them',
    '`batchItemFailures`': 'retries what a partial answer names, alone',
    '`null`, `{}`, `[]`, `""`, no failures': 'takes %j for a success',
    'an unknown or malformed identifier': 'fails the whole batch for %s, even beside a good identifier',
    'without `ReportBatchItemFailures`': 'takes any answer for a success without ReportBatchItemFailures',
    'the offset meanwhile':
      'retries the records of a partial answer alone, holds the commit at the lowest, and lets done partitions go on',
  },
  'On failure': {
    'SQS, SNS': metadata,
    S3: 'S3 gets the same, and the whole event as a text',
    '`kafka://topic`': "gets one message for each record, with the record's own key",
    '`RetryAttemptsExhausted`': 'gets the event with that one record as an object, and the condition by its other name',
    '`MaximumPayloadSizeExceeded`': 'a record that is too large for any event has no response and no payload',
    '`RecordAgeExceeded`': condition,
    '`SCHEMA_NOT_FOUND`, `DESERIALIZATION_ERROR`': condition,
    'a destination that does not take it': 'counts as dropped what the destination does not take, and goes on',
  },
  'Metrics and the system log': {
    'of the function': 'the metrics of the function and of provisioned mode are the ones on the page',
    '`EventCount`': 'counts the events of a batch on their way through',
    '`ErrorCount`': 'counts errors by where they came from',
    '`KafkaMetrics`': 'tells the lag of a topic, and in its group the largest and the sum',
    'of provisioned mode':
      'tells of provisioned pollers how many there are, the units they make, and what they have read',
    '`LostToRetentionCount`':
      'counts offsets that retention took before they were read, and none where a topic was made anew',
    '`ESM_PROCESSING_EVENT`': 'says at WARN what went wrong',
    '`POLLER_STATUS_EVENT`': 'says at INFO which partitions a poller has, and counts the assignments',
    '`KAFKA_STATUS_EVENT`': 'says at DEBUG where every partition stands',
  },
  'Schema registry': {
    formats: 'understands %s',
    '`EventRecordFormat` JSON': 'becomes the plain JSON of its values, with the schema told beside it',
    '`EventRecordFormat` SOURCE': 'comes as it was produced, without the id, when SOURCE is asked for',
    order: 'hands over what a schema registry decodes, and gives up, with its reason, what it does not',
    'a registry that does not answer': 'is asked again for a schema that it did not have, 10 s later',
  },
  Filters: {
    'plain string': '%s: %s, %s',
    JSON: '%s: %s, %s',
    any: 'let through what matches one of them, and without a pattern everything',
    'not UTF-8': '%s: %s, %s',
    'a mismatch of formats': 'can be switched to dropping what does not fit',
    'metadata properties': 'looks at the metadata even where the value is not looked at',
    'key and headers': 'knows neither keys nor headers',
    tombstone: 'takes the value of a tombstone for absent',
    'a bare number or quoted text': 'takes a bare number, quoted text and broken JSON for plain strings',
    numbers: 'never pass through a double',
    arrays: 'match several fields in the same element only',
    'dotted names': 'take dotted names for paths, in the pattern and in the record',
  },
  'What kafkajs cannot give': {
    'share groups': settings.refused,
    'static and cooperative membership':
      'takes a member whose process was killed out of the group, rather than wait for its session to time out',
    'a fetch is unpacked whole': 'batches of 40 KB that unpack to %s are read within the bound',
    'bytes that cannot be read': damaged,
    'a batch of more records than one answer may hold':
      'is read in parts when its records are more than one answer may hold',
  },
}
