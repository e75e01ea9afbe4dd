// docs/event-source-mapping.md and the code say the same: every setting, condition, metric, event and operator, row by row.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileFilters } from './filter.ts'
import { operatorNames } from './filter-operator.ts'
import { metricValues, noMetrics } from './metrics.ts'
import { foreignSettings } from './settings-rules.ts'
import { settingsSchema } from './settings-schema.ts'

const page = readFileSync(new URL('../../docs/event-source-mapping.md', import.meta.url), 'utf8')

/** The rows of a section's tables, without their heads: the cells of each. */
function rowsOf(heading: string): string[][] {
  const [, section = ''] = page.split(new RegExp(`^#+ ${heading}$`, 'm'))
  const [body = ''] = section.split(/^#+ /m)
  const rows = body.split('\n').filter((line) => line.startsWith('|'))
  const isHead = (i: number) => /^\|(-+\|)+$/.test(rows[i] ?? '') || /^\|(-+\|)+$/.test(rows[i + 1] ?? '')
  return rows.flatMap((row, i) =>
    isHead(i)
      ? []
      : [
          row
            .slice(1, -1)
            .split('|')
            .map((cell) => cell.trim()),
        ],
  )
}

const firstCells = (heading: string) => rowsOf(heading).map(([first = '']) => first)
const namesIn = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string)

describe('every row of what AWS documents stands on the page', () => {
  it.each([
    [
      'The event',
      [
        '`eventSource`',
        '`eventSourceArn`',
        '`bootstrapServers`',
        '`records`',
        '`topic`, `partition`, `offset`, `timestamp`',
        '`timestampType`',
        '`key`, `value`',
        'no key',
        'tombstone',
        '`headers`',
        'the same header twice',
        'bytes of headers',
        '`keySchemaMetadata`, `valueSchemaMetadata`',
        'partitions of an event',
      ],
    ],
    [
      'Delivery',
      [
        'order',
        'guarantee',
        'concurrency',
        'other members of the group',
        'when a batch is cut',
        'when the window starts',
        'which partitions share a batch',
        'Lambda extensions',
        'commit',
        'filtered records',
        'a function error, time-out or crash',
        'a throttle, or a function out of reach',
        'time between attempts',
        'bisecting',
        'no attempt left, or a record too old',
        'a record too large for any event',
        'records that retention took',
        '`batchItemFailures`',
        '`null`, `{}`, `[]`, `""`, no failures',
        'an unknown or malformed identifier',
        'without `ReportBatchItemFailures`',
        'the offset meanwhile',
      ],
    ],
    [
      'On failure',
      [
        'SQS, SNS',
        'S3',
        '`kafka://topic`',
        '`RetryAttemptsExhausted`',
        '`MaximumPayloadSizeExceeded`',
        '`RecordAgeExceeded`',
        '`SCHEMA_NOT_FOUND`, `DESERIALIZATION_ERROR`',
        'a destination that does not take it',
      ],
    ],
    [
      'Metrics and the system log',
      [
        'of the function',
        '`EventCount`',
        '`ErrorCount`',
        '`KafkaMetrics`',
        'of provisioned mode',
        '`LostToRetentionCount`',
        '`ESM_PROCESSING_EVENT`',
        '`POLLER_STATUS_EVENT`',
        '`KAFKA_STATUS_EVENT`',
      ],
    ],
    [
      'Schema registry',
      ['formats', '`EventRecordFormat` JSON', '`EventRecordFormat` SOURCE', 'order', 'a registry that does not answer'],
    ],
    [
      'What kafkajs cannot give',
      [
        'share groups',
        'static and cooperative membership',
        'headers by name',
        'a fetch is unpacked whole',
        "a batch's records are the arguments of one call",
        'the checksum of a batch',
        'bytes that cannot be decoded',
      ],
    ],
  ])('%s', (heading, rows) => {
    expect(firstCells(heading)).toEqual(rows)
  })
})

it('every setting that is taken has a row, and each row is a setting', () => {
  const { AmazonManagedKafkaEventSourceConfig, SelfManagedKafkaEventSourceConfig, ProvisionedPollerConfig } =
    settingsSchema.shape
  const within = [AmazonManagedKafkaEventSourceConfig, SelfManagedKafkaEventSourceConfig].flatMap((config) =>
    Object.keys(config.unwrap().shape),
  )
  const taken = new Set([...Object.keys(settingsSchema.shape), ...within])
  if ('PollerGroupName' in ProvisionedPollerConfig.unwrap().shape) taken.add('PollerGroupName')
  const documented = firstCells('Settings').flatMap(namesIn)
  const foreign = documented.filter((name) => foreignSettings({ [name]: 1 }).length > 0)
  expect(new Set(documented.filter((name) => !foreign.includes(name)))).toEqual(taken)
  expect(foreign).toEqual(['ParallelizationFactor', 'TumblingWindowInSeconds', 'ScalingConfig'])
})

it('every limit has a row', () => {
  const limits = [
    "a function's time-out",
    'payload of an invocation',
    "Kafka's version",
    'two mappings of one function on the same topic and brokers',
    'states of a mapping',
    'changing a mapping',
    'a bad filter pattern',
    "a poller's throughput",
  ]
  expect(firstCells('Settings').slice(-limits.length)).toEqual(limits)
})

it.each(['EventCount', 'ErrorCount', 'KafkaMetrics'] as const)(
  'the metrics of %s are the ones on the page',
  (group) => {
    const ofFunction = Object.keys(metricValues(noMetrics, { chosen: [], lags: [0], pollers: null }))
    const names = Object.keys(metricValues(noMetrics, { chosen: [group], lags: [0], pollers: null })).filter(
      (name) => !ofFunction.includes(name),
    )
    const [, documented = ''] = rowsOf('Metrics and the system log').find(([first]) => first === `\`${group}\``) ?? []
    expect(namesIn(documented)).toEqual(names)
  },
)

it('the metrics of the function and of provisioned mode are the ones on the page', () => {
  const row = (name: string) =>
    namesIn(rowsOf('Metrics and the system log').find(([first]) => first === name)?.[1] ?? '')
  const onDemand = Object.keys(metricValues(noMetrics, { chosen: [], lags: [0], pollers: null }))
  expect(row('of the function')).toEqual(onDemand.filter((name) => name !== 'LostToRetentionCount'))
  const provisioned = Object.keys(metricValues(noMetrics, { chosen: [], lags: [0], pollers: 1 }))
  expect(row('of provisioned mode')).toEqual(provisioned.filter((name) => !onDemand.includes(name)))
})

it("AWS's table of formats is there word by word", () => {
  const literally = 'filters on the other metadata properties only'
  expect(rowsOf('Filters').slice(0, 6)).toEqual([
    ['plain string', 'plain string', 'filters on it'],
    ['plain string', 'JSON', literally],
    ['JSON', 'plain string', literally],
    ['JSON', 'JSON', 'filters on it'],
    ['any', 'none', literally],
    ['not UTF-8', 'any', literally],
  ])
})

it('every operator has a row, and every example of one is a pattern', () => {
  const rows = rowsOf('Filters').slice(14)
  const named = new Set(rows.flatMap(([first = '']) => namesIn(first)))
  expect(named).toEqual(new Set([...operatorNames, '$or']))
  const examples = rows.flatMap(([, syntax = '']) => namesIn(syntax)).filter((text) => text.startsWith('['))
  expect(examples).toHaveLength(12)
  for (const example of examples) expect(() => compileFilters([`{"value":{"a":${example}}}`])).not.toThrow()
})
