import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeFetchAnswer } from './fetch-answer.ts'
import { type KafkajsAnswer, likeOurs } from './kafkajs-answer.ts'
import type { Damage } from './partition-records.ts'
import { buildBatch } from './testing/build-batch.ts'

const require = createRequire(import.meta.url)

const batch = (text: string) => buildBatch([{ value: Buffer.from(text) }], { baseOffset: 5n })

async function decode(answer: Buffer, version: number) {
  const damages: [string, number, Damage][] = []
  const decoded = await decodeFetchAnswer(answer, version, {
    offsetOf: () => 5,
    damaged: (...damage) => damages.push(damage),
  })
  return { decoded, damages }
}

it.each([4, 5, 6, 7, 8, 9, 10, 11])("version %i is read as kafkajs's own decoder reads it", async (version) => {
  const answer = answerOf(version, [batch('a'), batch('b'), null])
  const theirs = await require(`kafkajs/src/protocol/requests/fetch/v${version}/response`).decode(answer)
  const { decoded } = await decode(answer, version)
  const [ours, own] = [decoded, theirs].map(({ responses }) =>
    responses.map(({ topicName, partitions }: { topicName: string; partitions: Record<string, unknown>[] }) => ({
      topicName,
      partitions: partitions.map(({ partition, errorCode, highWatermark, messages }) => {
        const records = messages as { offset: string; timestamp: string; value: Buffer }[]
        return {
          partition,
          errorCode,
          highWatermark,
          records: records.map((r) => [r.offset, r.timestamp, String(r.value)]),
        }
      }),
    })),
  )
  expect(ours).toEqual(own)
  expect(decoded?.clientSideThrottleTime).toBe(theirs.clientSideThrottleTime ?? 0)
  expect(decoded?.throttleTime).toBe(theirs.throttleTime)
})

it('leaves answers with records older than Kafka 0.11 to kafkajs, whose records then look like ours', async () => {
  const headers: [string, Buffer | null][] = [
    ['twice', Buffer.from('a')],
    ['twice', null],
    ['once', Buffer.from('b')],
  ]
  const recent = buildBatch([{ value: Buffer.from('recent'), headers }])
  const answer = answerOf(11, [recent, oldMessage('old')])
  expect((await decode(answer, 11)).decoded).toBeNull()
  const theirs = likeOurs(await require('kafkajs/src/protocol/requests/fetch/v11/response').decode(answer))
  const [first, second] = (theirs as KafkajsAnswer).responses[0]?.partitions ?? []
  expect(first?.messages).toMatchObject([{ value: Buffer.from('recent'), headers }])
  expect(second?.messages).toMatchObject([
    { offset: '7', timestamp: '1545084650987', value: Buffer.from('old'), headers: [] },
  ])
})

describe('whatever happens to the bytes of one partition', () => {
  it('it is told of that one alone, and the others are read', async () => {
    const good = batch('good')
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const bad = Buffer.from(good)
        bad.writeUInt8((bad[at] as number) ^ change, at)
        const { decoded, damages } = await decode(answerOf(11, [good, bad]), 11)
        // A byte of the magic makes it look like an old one, which is for kafkajs to read.
        if (decoded === null) {
          expect(at).toBe(16)
          return
        }
        const [first, second] = decoded.responses[0]?.partitions ?? []
        expect(String(first?.messages[0]?.value)).toBe('good')
        // What lies before the checksum is not covered by it.
        if (at < 17) return
        expect(damages).toMatchObject([['t', 1, { firstOffset: 5 }]])
        expect(second?.messages).toEqual([])
      }),
    )
  })
})

/** A message of Kafka 0.10 at offset 7, without a key. https://kafka.apache.org/documentation/#messageset */
function oldMessage(value: string): Buffer {
  const content = Buffer.concat([
    Buffer.from([1, 0]),
    int64(1545084650987n),
    int32(-1),
    int32(value.length),
    Buffer.from(value),
  ])
  return Buffer.concat([int64(7n), int32(content.length + 4), int32(0), content])
}

/** An answer with a partition for each of these: its records, or null for none. */
function answerOf(version: number, partitions: (Buffer | null)[]): Buffer {
  const encoded = partitions.map((records, partition) =>
    Buffer.concat([
      int32(partition),
      int16(0),
      int64(9n),
      int64(9n),
      ...(version >= 5 ? [int64(0n)] : []),
      int32(-1),
      ...(version >= 11 ? [int32(-1)] : []),
      int32(records?.length ?? -1),
      records ?? Buffer.alloc(0),
    ]),
  )
  return Buffer.concat([
    int32(3),
    ...(version >= 7 ? [int16(0), int32(0)] : []),
    int32(1),
    int16(1),
    Buffer.from('t'),
    int32(partitions.length),
    ...encoded,
  ])
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}
