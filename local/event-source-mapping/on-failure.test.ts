import { describe, expect, it } from 'vitest'
import { type FailedBatch, onFailureMessages } from './on-failure.ts'
import { encodeEvent, recordEncoder } from './to-event.ts'

const clusterArn = 'arn:aws:kafka:us-east-1:123456789012:cluster/my-cluster/uuid-25'
const source = { bootstrapServers: 'b-1.demo:9092,b-2.demo:9092', arn: clusterArn }

function record(partition: number, offset: number, timestamp: number, key: string | null = null) {
  const encode = recordEncoder('Topic', partition, 1_000_000)
  const message = { offset: `${offset}`, timestamp: `${timestamp}`, key: key === null ? null : Buffer.from(key) }
  return { offset, timestamp: `${timestamp}`, json: encode({ ...message, value: Buffer.from('{}') }) }
}

const from = Date.parse('2019-11-14T00:38:04.835Z')
const failed: FailedBatch = {
  condition: 'RetryAttemptsExhausted',
  slices: [
    { key: 'Topic-0', records: [record(0, 4960, from, 'k'), record(0, 4961, from + 1), record(0, 4969, from + 745)] },
    { key: 'Topic-1', records: [record(1, 7, from)] },
  ],
  requestId: '316aa6d0-8154-xmpl-9af7-85d5f4a6bc81',
  functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:myfunction',
  approximateInvokeCount: 3,
  functionFailed: true,
  nowMs: Date.parse('2019-11-14T00:38:06.021Z'),
  bootstrapServers: source.bootstrapServers,
  eventSourceArn: clusterArn,
  encodeEvent: (slices) => encodeEvent(source, slices),
}
const event = encodeEvent(source, failed.slices)

const metadata = {
  requestContext: {
    requestId: '316aa6d0-8154-xmpl-9af7-85d5f4a6bc81',
    functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:myfunction',
    condition: 'RetryAttemptsExhausted',
    approximateInvokeCount: 3,
  },
  responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
  version: '1.0',
  timestamp: '2019-11-14T00:38:06.021Z',
  KafkaBatchInfo: {
    batchSize: 4,
    eventSourceArn: clusterArn,
    bootstrapServers: 'b-1.demo:9092,b-2.demo:9092',
    payloadSize: Buffer.byteLength(event),
    recordsInfo: {
      'Topic-0': {
        firstRecordOffset: '4960',
        lastRecordOffset: '4969',
        firstRecordTimestamp: '2019-11-14T00:38:04.835Z',
        lastRecordTimestamp: '2019-11-14T00:38:05.580Z',
      },
      'Topic-1': {
        firstRecordOffset: '7',
        lastRecordOffset: '7',
        firstRecordTimestamp: '2019-11-14T00:38:04.835Z',
        lastRecordTimestamp: '2019-11-14T00:38:04.835Z',
      },
    },
  },
}

const messagesTo = (kind: 'kafka' | 'sqs' | 'sns' | 's3', batch: FailedBatch = failed) =>
  onFailureMessages(kind, batch).map(({ key, body }) => ({ key, body, json: JSON.parse(body) }))

it.each(['sqs', 'sns'] as const)("%s gets one message for the batch: AWS's metadata, member by member", (kind) => {
  const messages = messagesTo(kind)
  expect(messages).toHaveLength(1)
  expect(messages[0]?.body).toBe(JSON.stringify(metadata))
})

it('S3 gets the same, and the whole event as a text', () => {
  expect(messagesTo('s3').map(({ body }) => body)).toEqual([JSON.stringify({ ...metadata, payload: event })])
})

describe('a Kafka topic', () => {
  it("gets one message for each record, with the record's own key", () => {
    const messages = messagesTo('kafka')
    expect(messages.map(({ key }) => key)).toEqual([Buffer.from('k'), null, null, null])
    expect(messages.map(({ json }) => json.KafkaBatchInfo.recordInfo.offset)).toEqual(['4960', '4961', '4969', '7'])
  })

  it('gets the event with that one record as an object, and the condition by its other name', () => {
    const alone = encodeEvent(source, [{ key: 'Topic-1', records: failed.slices[1]?.records ?? [] }])
    expect(messagesTo('kafka')[3]?.body).toBe(
      JSON.stringify({
        requestContext: {
          ...metadata.requestContext,
          functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:myfunction:$LATEST',
          condition: 'RetriesExhausted',
        },
        responseContext: metadata.responseContext,
        version: '1.0',
        timestamp: '2019-11-14T00:38:06.021Z',
        KafkaBatchInfo: {
          batchSize: 1,
          eventSourceArn: clusterArn,
          bootstrapServers: 'b-1.demo:9092,b-2.demo:9092',
          payloadSize: Buffer.byteLength(alone),
          recordInfo: { offset: '7', timestamp: '2019-11-14T00:38:04.835Z' },
        },
        payload: JSON.parse(alone),
      }),
    )
  })

  it('is told the alias of a mapping that has one', () => {
    const functionArn = `${failed.functionArn}:live`
    expect(messagesTo('kafka', { ...failed, functionArn })[0]?.json.requestContext.functionArn).toBe(functionArn)
  })
})

it.each(['MaximumPayloadSizeExceeded', 'RecordAgeExceeded', 'SCHEMA_NOT_FOUND', 'DESERIALIZATION_ERROR'] as const)(
  'the condition %s has one name for all',
  (condition) => {
    const conditions = (['sqs', 'kafka'] as const).map(
      (kind) => messagesTo(kind, { ...failed, condition })[0]?.json.requestContext.condition,
    )
    expect(conditions).toEqual([condition, condition])
  },
)

it('a record that is too large for any event has no response and no payload', () => {
  const slices = [{ key: 'Topic-0', records: [{ offset: 5, timestamp: `${from}`, json: null }] }]
  const tooLarge = { ...failed, slices, condition: 'MaximumPayloadSizeExceeded', functionFailed: null } as const
  for (const kind of ['s3', 'kafka'] as const) {
    const [message] = messagesTo(kind, tooLarge)
    expect(message?.json).toMatchObject({ responseContext: null, payload: null, KafkaBatchInfo: { batchSize: 1 } })
    expect(message?.json.KafkaBatchInfo).not.toHaveProperty('payloadSize')
  }
})

it('records that a partial answer named come from a function without an error', () => {
  const [message] = messagesTo('sqs', { ...failed, functionFailed: false })
  expect(message?.json.responseContext).toEqual({ statusCode: 200, executedVersion: '$LATEST' })
})

it('self-managed Kafka has no ARN', () => {
  expect(messagesTo('sqs', { ...failed, eventSourceArn: null })[0]?.json.KafkaBatchInfo).not.toHaveProperty(
    'eventSourceArn',
  )
})

it('a time that is no date is told as it is', () => {
  const slices = [{ key: 'Topic-0', records: [{ ...record(0, 1, 0), timestamp: '9223372036854775807' }] }]
  const [message] = messagesTo('sqs', { ...failed, slices })
  expect(message?.json.KafkaBatchInfo.recordsInfo['Topic-0'].firstRecordTimestamp).toBe('9223372036854775807')
})
