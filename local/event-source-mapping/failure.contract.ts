// What a mapping does on any Kafka when a function fails, or a record cannot be delivered.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CompressionTypes } from 'kafkajs'
import { expect, it } from 'vitest'
import { numbers, type Scripted, valuesIn } from './testing/scripted.ts'

const ok = { kind: 'ok', payload: 'null' } as const
const failed = { kind: 'function-error', errorType: 'Error', errorMessage: 'no' } as const

export function failureContract(on: Scripted): void {
  it('retries what a partial answer names, alone', async () => {
    await on.produce(0, numbers(0, 9))
    const calls: number[][] = []
    await on.start(
      async (event) => {
        calls.push(valuesIn(event).map(({ offset }) => offset))
        const failures = calls.length === 1 ? [3, 6] : calls.length === 2 ? [6] : []
        const batchItemFailures = failures.map((offset) => ({ itemIdentifier: { partition: `${on.topic}-0`, offset } }))
        return { kind: 'ok', payload: JSON.stringify({ batchItemFailures }) }
      },
      { FunctionResponseTypes: ['ReportBatchItemFailures'], ProvisionedPollerConfig: {} },
    )
    await on.until(async () => (await on.committed())[0] === 10)
    expect(calls).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 6], [6]])
  })

  it('goes on with other partitions while one is stuck, and says so', async () => {
    const { mapping, happenings } = await on.start(async (event) => (event.includes(`"${on.topic}-1"`) ? failed : ok))
    await on.produce(1, ['stuck'])
    await on.until(() => happenings.some(({ type }) => type === 'retry'))
    await Promise.all([on.produce(0, numbers(1, 50)), on.produce(2, numbers(1, 50))])
    await on.until(async () => (await on.committed()).join() === '50,-1,50')
    expect(mapping.state().partitions[1]).toMatchObject({ inFlight: 1, lastError: 'Error: no', committedOffset: null })
    expect(mapping.state().partitions[1]?.attempt).toBeGreaterThan(0)
  })

  it('cuts batches by their payload, and drops alone a record that fits into no invocation', async () => {
    const large = Buffer.alloc(700_000, 1)
    const poison = { partition: 0, value: Buffer.alloc(5_000_000) }
    for (let count = 0; count < 12; count += 1) await on.produce(0, [large])
    await on.producer.send({ topic: on.topic, messages: [poison], compression: CompressionTypes.GZIP })
    await on.produce(0, ['after'])
    const sizes: number[] = []
    const settings = { MaximumBatchingWindowInSeconds: 1 }
    const { happenings } = await on.start(async (event) => {
      sizes.push(Buffer.byteLength(event))
      return ok
    }, settings)
    await on.until(async () => (await on.committed())[0] === 14)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(6 * 1024 * 1024)
    expect(Math.max(...sizes)).toBeGreaterThan(5 * 1024 * 1024)
    const dropped = happenings.filter(({ type }) => type === 'dropped')
    expect(dropped).toMatchObject([{ records: { [`${on.topic}-0`]: [12] }, reason: 'MaximumPayloadSizeExceeded' }])
  })

  it('cuts down to the poison record, brings that one to the destination with its key, and goes on', async () => {
    const destination = `${on.topic}-failures`
    await on.createTopic(destination, 1)
    const handled: string[] = []
    const { happenings } = await on.start(
      async (event) => {
        const values = valuesIn(event).map(({ value }) => value)
        if (values.includes('6')) return failed
        handled.push(...values)
        return ok
      },
      {
        BisectBatchOnFunctionError: true,
        MaximumRetryAttempts: 1,
        ProvisionedPollerConfig: {},
        DestinationConfig: { OnFailure: { Destination: `kafka://${destination}` } },
      },
    )
    await on.produce(0, numbers(1, 9))
    await on.until(async () => (await on.committed())[0] === 9)
    expect(handled).toEqual(numbers(1, 9).filter((value) => value !== '6'))
    expect(happenings.filter(({ type }) => type === 'onFailure')).toMatchObject([
      { records: { [`${on.topic}-0`]: [5] } },
    ])
    const sent: { key: string; body: { KafkaBatchInfo: object; payload: object; requestContext: object } }[] = []
    const consumer = on.kafka.consumer({ groupId: `${destination}-readers`, maxWaitTimeInMs: 50 })
    await consumer.connect()
    await consumer.subscribe({ topic: destination, fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ message }) => {
        sent.push({ key: String(message.key), body: JSON.parse(String(message.value)) })
      },
    })
    await on.until(() => sent.length > 0)
    await consumer.disconnect()
    expect(sent).toMatchObject([
      {
        key: '0',
        body: {
          requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 2 },
          KafkaBatchInfo: { recordInfo: { offset: '5' } },
          payload: { records: { [`${on.topic}-0`]: [{ offset: 5, value: Buffer.from('6').toString('base64') }] } },
        },
      },
    ])
  })

  it.each([
    ['sqs', 'arn:aws:sqs:us-east-1:123456789012:failures'],
    ['sns', 'arn:aws:sns:us-east-1:123456789012:failures'],
    ['s3', 'arn:aws:s3:::failures'],
  ])(
    'puts a failed batch into the stand-in of %s, and with it what the function was given into that of S3',
    async (kind, arn) => {
      const folder = mkdtempSync(join(tmpdir(), 'freshet-destinations-'))
      const { mapping } = await on.start(
        async () => failed,
        {
          MaximumRetryAttempts: 0,
          ProvisionedPollerConfig: {},
          DestinationConfig: { OnFailure: { Destination: arn } },
        },
        { destinationsFolder: folder },
      )
      await on.produce(0, ['a', 'b'])
      await on.until(async () => (await on.committed())[0] === 2)
      await on.stop(mapping)
      const below = join(folder, kind, 'failures')
      const files = readdirSync(below, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      const messages = files.map(({ parentPath, name }) => JSON.parse(readFileSync(join(parentPath, name), 'utf8')))
      const batches = messages.map(({ KafkaBatchInfo }) => KafkaBatchInfo.recordsInfo[`${on.topic}-0`])
      expect(messages[0]).toMatchObject({ requestContext: { condition: 'RetryAttemptsExhausted' } })
      expect(batches[0]).toMatchObject({ firstRecordOffset: '0' })
      expect(batches.at(-1)).toMatchObject({ lastRecordOffset: '1' })
      const payloads = messages.flatMap(({ payload }) => payload && valuesIn(payload).map(({ value }) => value))
      expect(payloads).toEqual(kind === 's3' ? ['a', 'b'] : messages.map(() => undefined))
      rmSync(folder, { recursive: true })
    },
  )

  it('counts as dropped what a topic that is not there does not take', async () => {
    const { happenings } = await on.start(async () => failed, {
      MaximumRetryAttempts: 0,
      ProvisionedPollerConfig: {},
      DestinationConfig: { OnFailure: { Destination: `kafka://${on.topic}-missing` } },
    })
    await on.produce(1, ['c'])
    await on.until(async () => (await on.committed())[1] === 1)
    expect(happenings.filter(({ type }) => type === 'dropped')).toMatchObject([
      { records: { [`${on.topic}-1`]: [0] }, deliveryError: expect.any(String) },
    ])
  })
}
