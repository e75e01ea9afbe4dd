// Where a mapping begins on any Kafka, and how it passes over what is not for its function.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Producer, Transaction } from 'kafkajs'
import { expect, it } from 'vitest'
import type { Invoke } from './mapping.ts'
import { numbers, type Scripted, valuesIn } from './testing/scripted.ts'

const ok = { kind: 'ok', payload: 'null' } as const

export function positionContract(on: Scripted): void {
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
    const [first, second] = await Promise.all(['first', 'second'].map(transactionalWriter))
    // The key of the marker that aborts; a record's may be the same.
    const key = Buffer.alloc(4)
    const send = (transaction: Transaction, value: string) =>
      transaction.send({ topic: on.topic, messages: [{ partition: 0, key, value }] })
    const [one, two] = [await (first as Producer).transaction(), await (second as Producer).transaction()]
    await send(one, 'aborted')
    await send(two, 'aborted too')
    await send(one, 'aborted still')
    await one.abort()
    const three = await (first as Producer).transaction()
    await send(three, 'kept')
    await send(two, 'still aborted')
    await three.commit()
    await two.abort()
    await Promise.all([first?.disconnect(), second?.disconnect()])
    const seen: string[] = []
    await on.start(async (event) => {
      seen.push(...valuesIn(event).map(({ value }) => value))
      return ok
    })
    await on.until(async () => (await on.committed())[0] === 8)
    expect(seen).toEqual(['kept'])
  })

  async function transactionalWriter(name: string): Promise<Producer> {
    const transactionalId = `${on.topic}-${name}`
    const writer = on.kafka.producer({ transactionalId, maxInFlightRequests: 1, idempotent: true })
    await writer.connect()
    return writer
  }

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
    writeFileSync(join(folder, 'gone.json'), JSON.stringify({ host: hostname(), pid: 2 ** 30, groupId, memberId }))
    await on.start(async () => ok, {}, { membersFolder: folder })
    await on.until(async () => (await on.committed()).join() === '1,1,1')
    end()
    await dead.disconnect()
    rmSync(folder, { recursive: true })
  })
}
