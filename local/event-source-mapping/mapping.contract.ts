// What a mapping does on any Kafka, with scripted functions: the same on the embedded broker and on Apache Kafka.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CompressionTypes } from 'kafkajs'
import { expect, it } from 'vitest'
import type { Invoke } from './mapping.ts'
import { numbers, type Scripted, valuesIn } from './testing/scripted.ts'

const ok = { kind: 'ok', payload: 'null' } as const
const failed = { kind: 'function-error', errorType: 'Error', errorMessage: 'no' } as const

/** Registers the tests; `on` is what `scripted` answered for the Kafka in question. */
export function mappingContract(on: Scripted): void {
  it('brings every record to the function, in order within its partition, and commits behind the last', async () => {
    const seen: Record<number, string[]> = { 0: [], 1: [], 2: [] }
    const { mapping } = await on.start(async (event) => {
      for (const { partition, value } of valuesIn(event)) seen[partition]?.push(value)
      return ok
    })
    await Promise.all([0, 1, 2].map((partition) => on.produce(partition, numbers(1, 1_000))))
    await on.until(async () => (await on.committed()).join() === '1000,1000,1000')
    expect(seen).toEqual({ 0: numbers(1, 1_000), 1: numbers(1, 1_000), 2: numbers(1, 1_000) })
    expect(mapping.state().partitions).toMatchObject([
      {
        topic: on.topic,
        partition: 0,
        buffered: 0,
        inFlight: 0,
        attempt: 0,
        committedOffset: 1_000,
        nextOffset: 1_000,
      },
      { partition: 1 },
      { partition: 2 },
    ])
  })
  it('loses nothing and keeps order when the function fails now and then', async () => {
    const handled: string[] = []
    let calls = 0
    await on.start(
      async (event) => {
        calls += 1
        if (calls % 3 !== 0) return failed
        for (const { value } of valuesIn(event)) handled.push(value)
        return ok
      },
      { BatchSize: 20 },
    )
    await on.produce(0, numbers(1, 200))
    await on.until(async () => (await on.committed())[0] === 200)
    expect(handled).toEqual(numbers(1, 200))
  })
  it('commits nothing before the function has succeeded, and delivers again to the next mapping', async () => {
    await on.produce(0, numbers(1, 5))
    const { happenings, mapping } = await on.start(async () => failed)
    await on.until(() => happenings.filter(({ type }) => type === 'retry').length > 2)
    expect(await on.committed()).toEqual([-1, -1, -1])
    await on.stop(mapping)
    const seen: string[] = []
    await on.start(async (event) => {
      seen.push(...valuesIn(event).map(({ value }) => value))
      return ok
    })
    await on.until(async () => (await on.committed())[0] === 5)
    expect(seen).toEqual(numbers(1, 5))
  })
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
  it('waits for its window, and not longer', async () => {
    const { happenings } = await on.start(async () => ok, { MaximumBatchingWindowInSeconds: 1 })
    await on.until(() => happenings.some(({ type }) => type === 'assigned'))
    await on.produce(0, ['first'])
    await sleep(200)
    await on.produce(1, ['second'])
    await on.until(() => happenings.some(({ type }) => type === 'invoke'))
    const invoked = happenings.filter(({ type }) => type === 'invoke')
    expect(invoked).toMatchObject([{ records: { [`${on.topic}-0`]: [0], [`${on.topic}-1`]: [0] }, count: 2 }])
  })
  it('shares a topic with another mapping of its group, and hands over without loss', async () => {
    const seen = new Set<string>()
    const invoke: Invoke = async (event) => {
      await sleep(2)
      for (const { partition, value } of valuesIn(event)) seen.add(`${partition}/${value}`)
      return ok
    }
    const first = await on.start(invoke, { BatchSize: 10 })
    await on.until(() => first.mapping.state().partitions.length === 3)
    const sent = Promise.all([0, 1, 2].map((partition) => on.produce(partition, numbers(1, 600))))
    const second = await on.start(invoke, { BatchSize: 10 })
    await on.until(() => first.mapping.state().partitions.length + second.mapping.state().partitions.length === 3)
    await sent
    await on.stop(first.mapping)
    await on.until(() => second.mapping.state().partitions.length === 3)
    await Promise.all([0, 1, 2].map((partition) => on.produce(partition, numbers(601, 700))))
    await on.until(async () => (await on.committed()).join() === '700,700,700')
    expect(seen.size).toBe(2_100)
  })
  it('begins at the end of the topic with LATEST, and misses nothing across a restart after that', async () => {
    await on.produce(0, ['before'])
    const seen: string[] = []
    const invoke: Invoke = async (event) => {
      seen.push(...valuesIn(event).map(({ value }) => value))
      return ok
    }
    const { mapping } = await on.start(invoke, { StartingPosition: 'LATEST' })
    await on.until(async () => (await on.committed()).join() === '1,0,0')
    await on.stop(mapping)
    await on.produce(0, ['meanwhile'])
    await on.start(invoke, { StartingPosition: 'LATEST' })
    await on.until(() => seen.length > 0)
    expect(seen).toEqual(['meanwhile'])
  })
  it('finishes the running batch when it is stopped, commits it, and starts no other', async () => {
    let calls = 0
    const { mapping, happenings } = await on.start(
      async () => {
        calls += 1
        await sleep(100)
        return ok
      },
      { BatchSize: 5 },
    )
    await on.produce(0, numbers(1, 50))
    await on.until(() => happenings.some(({ type }) => type === 'invoke'))
    await on.stop(mapping)
    expect(calls).toBe(1)
    expect((await on.committed())[0]).toBe(5)
  })

  it('invokes with what a filter lets through alone, and commits the rest with it, or without any invocation', async () => {
    const seen: string[] = []
    const filters = { FilterCriteria: { Filters: [{ Pattern: '{"value":{"n":[{"numeric":["<",3]}]}}' }] } }
    const { mapping, happenings } = await on.start(async (event) => {
      seen.push(...valuesIn(event).map(({ value }) => value))
      return ok
    }, filters)
    await on.produce(
      0,
      [1, 9, 2, 9].map((n) => JSON.stringify({ n })),
    )
    await on.produce(1, ['{"n":7}', '{"n":8}'])
    await on.until(async () => (await on.committed()).join() === '4,2,-1')
    expect(seen).toEqual(['{"n":1}', '{"n":2}'])
    expect(happenings).toContainEqual(
      expect.objectContaining({ type: 'filtered', records: { [`${on.topic}-1`]: [0, 1] } }),
    )
    expect(mapping.state().metrics).toMatchObject({
      PolledEventCount: 6,
      FilteredOutEventCount: 4,
      InvokedEventCount: 2,
    })
  })

  it('cuts down to the poison record, brings that one to the destination with its key, and goes on', async () => {
    const destination = `${on.topic}-failures`
    await on.admin.createTopics({ topics: [{ topic: destination, numPartitions: 1 }], waitForLeaders: true })
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

  it('puts a failed batch into the stand-in of a queue, and counts as dropped what a topic that is not there does not take', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'freshet-destinations-'))
    const start = (partition: number, Destination: string) =>
      on.start(
        async (event) => (event.includes(`"${on.topic}-${partition}"`) ? failed : ok),
        {
          MaximumRetryAttempts: 0,
          ProvisionedPollerConfig: {},
          DestinationConfig: { OnFailure: { Destination } },
        },
        { destinationsFolder: folder },
      )
    const queued = await start(0, 'arn:aws:sqs:us-east-1:123456789012:failures')
    await on.produce(0, ['a', 'b'])
    await on.until(async () => (await on.committed())[0] === 2)
    await on.stop(queued.mapping)
    const [name = ''] = readdirSync(join(folder, 'sqs', 'failures'))
    expect(JSON.parse(readFileSync(join(folder, 'sqs', 'failures', name), 'utf8'))).toMatchObject({
      requestContext: { condition: 'RetryAttemptsExhausted' },
      KafkaBatchInfo: { recordsInfo: { [`${on.topic}-0`]: { firstRecordOffset: '0' } } },
    })
    rmSync(folder, { recursive: true })

    const missing = await start(1, `kafka://${on.topic}-missing`)
    await on.produce(1, ['c'])
    await on.until(async () => (await on.committed())[1] === 1)
    expect(missing.happenings.filter(({ type }) => type === 'dropped')).toMatchObject([
      { records: { [`${on.topic}-1`]: [0] }, deliveryError: expect.any(String) },
    ])
  })

  it('begins at the first record of the time that AT_TIMESTAMP names', async () => {
    const at = Date.now() - 60_000
    const messages = [at - 2_000, at - 1_000, at, at + 1_000].map((ms) => {
      return { partition: 0, value: String(ms - at), timestamp: String(ms) }
    })
    await on.producer.send({ topic: on.topic, messages })
    const seen: string[] = []
    await on.start(
      async (event) => {
        seen.push(...valuesIn(event).map(({ value }) => value))
        return ok
      },
      { StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: at / 1_000 },
    )
    await on.until(async () => (await on.committed()).join() === '4,0,0')
    expect(seen).toEqual(['0', '1000'])
  })

  it('says which records were deleted before they were read, and goes on behind them', async () => {
    await on.produce(0, numbers(1, 10))
    const first = await on.start(async () => ok, { BatchSize: 3 })
    await on.until(async () => (await on.committed())[0] === 10)
    await on.stop(first.mapping)
    await on.produce(0, numbers(11, 20))
    await on.admin.deleteTopicRecords({ topic: on.topic, partitions: [{ partition: 0, offset: '15' }] })
    const seen: string[] = []
    const { happenings, mapping } = await on.start(async (event) => {
      seen.push(...valuesIn(event).map(({ value }) => value))
      return ok
    })
    await on.until(async () => (await on.committed())[0] === 20)
    expect(seen).toEqual(numbers(16, 20))
    expect(happenings.filter(({ type }) => type === 'out-of-range')).toMatchObject([
      { partition: `${on.topic}-0`, from: 10, to: 15 },
    ])
    expect(mapping.state().partitions[0]).toMatchObject({ committedOffset: 20, lag: 0, lostToRetention: 5 })
    expect(mapping.state().metrics.LostToRetentionCount).toBe(5)
  })

  it('never delivers what a transaction aborted, and commits behind the markers that end transactions', async () => {
    const writer = on.kafka.producer({
      transactionalId: `${on.topic}-writer`,
      maxInFlightRequests: 1,
      idempotent: true,
    })
    await writer.connect()
    for (const [value, ends] of [
      ['kept', 'commit'],
      ['aborted', 'abort'],
      ['also kept', 'commit'],
    ] as const) {
      const transaction = await writer.transaction()
      await transaction.send({ topic: on.topic, messages: [{ partition: 0, value }] })
      await transaction[ends]()
    }
    await writer.disconnect()
    const seen: string[] = []
    await on.start(async (event) => {
      seen.push(...valuesIn(event).map(({ value }) => value))
      return ok
    })
    await on.until(async () => (await on.committed())[0] === 6)
    expect(seen).toEqual(['kept', 'also kept'])
  })

  it('takes a member whose process was killed out of the group, rather than wait for its session to time out', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'freshet-members-'))
    const groupId = `group-of-${on.topic}`
    const dead = on.kafka.consumer({ groupId, sessionTimeout: 60_000, heartbeatInterval: 50_000 })
    await dead.connect()
    await dead.subscribe({ topic: on.topic, fromBeginning: true })
    const joined = new Promise<string>((resolve) => {
      dead.on(dead.events.GROUP_JOIN, ({ payload }) => resolve(payload.memberId))
    })
    await Promise.all([0, 1, 2].map((partition) => on.produce(partition, ['x'])))
    // Its function does not end, so it answers no rebalance, like a process that is gone.
    let end = (): void => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    await dead.run({ autoCommit: false, eachBatch: () => ended })
    const memberId = await joined
    // No process has this number: it is beyond what operating systems give.
    writeFileSync(join(folder, 'gone.json'), JSON.stringify({ pid: 2 ** 30, groupId, memberId }))
    await on.start(async () => ok, {}, { membersFolder: folder })
    await on.until(async () => (await on.committed()).join() === '1,1,1')
    end()
    await dead.disconnect()
    rmSync(folder, { recursive: true })
  })
}
