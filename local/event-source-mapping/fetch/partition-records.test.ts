import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { AbortedTransaction } from './aborted-transactions.ts'
import { type Budget, budgetOfAnswer, decodePartition } from './partition-records.ts'
import { type BuiltBatch, type BuiltRecord, buildBatch } from './testing/build-batch.ts'

const fixtures = new URL('../../../functions/kafka/fixtures/', import.meta.url)
const isTransactional = 0x10
const isControl = 0x30
const gzipped = { attributes: 1, pack: gzipSync } satisfies BuiltBatch

function decode(bytes: Buffer, from = 0, aborted: AbortedTransaction[] = [], budget: Budget = { ...budgetOfAnswer }) {
  return decodePartition(bytes, from, aborted, budget)
}

const texts = (...values: string[]): BuiltRecord[] => values.map((value) => ({ value: Buffer.from(value) }))
const shown = (messages: Awaited<ReturnType<typeof decode>>['messages']) =>
  messages.map(({ offset, value, isControlRecord }) => (isControlRecord ? `${offset} passed` : `${offset} ${value}`))

describe.each(['gzip', 'snappy', 'lz4', 'zstd'])('%s', (codec) => {
  it.each(['librdkafka', 'java'])('is read as %s writes it, record by record', async (client) => {
    const { messages, damage } = await decode(readFileSync(new URL(`${client}-${codec}.bin`, fixtures)))
    expect(damage).toBeNull()
    expect(messages.length).toBeGreaterThan(100)
    for (const { offset, value } of messages) {
      const n = Number(offset)
      expect(JSON.parse(String(value))).toMatchObject({ amount: n * 1.25, note: 'x'.repeat(n % 120) })
    }
  })
})

describe('a record', () => {
  it('has its headers in their order, also where a name comes twice', async () => {
    const headers: BuiltRecord['headers'] = [
      ['b', Buffer.from('1')],
      ['a', null],
      ['b', Buffer.from('2')],
    ]
    const { messages } = await decode(buildBatch([{ headers }]))
    expect(messages).toMatchObject([{ headers, key: null, value: null }])
  })

  it('has all digits of its offset and its timestamp', async () => {
    const [offset, ms] = [2n ** 62n + 1n, 2n ** 61n + 1n]
    const far = buildBatch([{ timestampDelta: 2n ** 60n }], { baseOffset: offset, baseTimestamp: ms })
    const { messages } = await decode(far)
    expect(messages).toMatchObject([{ offset: String(offset), timestamp: String(ms + 2n ** 60n) }])
  })

  it("has the time at which Kafka has taken it, where the topic says so, and else its producer's", async () => {
    const records: BuiltRecord[] = [{ timestampDelta: -5n }]
    const times = { baseTimestamp: 1_000n, maxTimestamp: 7_000n }
    const own = await decode(buildBatch(records, times))
    expect(own.messages).toMatchObject([{ timestamp: '995', batchContext: { timestampType: 0 } }])
    const append = await decode(buildBatch(records, { ...times, attributes: 0x08 }))
    expect(append.messages).toMatchObject([{ timestamp: '7000', batchContext: { timestampType: 1 } }])
  })

  it('is left out when it lies before the offset that was asked for, or its batch was cut off', async () => {
    const [first, second] = [buildBatch(texts('a', 'b', 'c')), buildBatch(texts('d'), { baseOffset: 3n })]
    expect(shown((await decode(Buffer.concat([first, second]), 1)).messages)).toEqual(['1 b', '2 c', '3 d'])
    const cut = Buffer.concat([first, second]).subarray(0, -1)
    expect(shown((await decode(cut)).messages)).toEqual(['0 a', '1 b', '2 c'])
  })
})

describe('a batch that cannot be read', () => {
  const good = buildBatch(texts('a', 'b'))
  const changed = buildBatch(texts('damaged'), { baseOffset: 2n })
  changed.writeUInt8((changed.at(-2) as number) ^ 1, changed.length - 2)

  it('is found by its checksum, and told when what lies before it is out of the way', async () => {
    const bytes = Buffer.concat([good, changed, buildBatch(texts('behind'), { baseOffset: 3n })])
    const before = await decode(bytes)
    expect(shown(before.messages)).toEqual(['0 a', '1 b'])
    expect(before.damage).toBeNull()
    const there = await decode(bytes, 2)
    expect(there.messages).toEqual([])
    expect(there.damage).toEqual({ firstOffset: 2, lastOffset: 2, reason: 'its checksum does not fit its bytes' })
  })

  it.each([
    ['claims more records than it has', buildBatch(texts('a'), { recordCount: 2_000_000_000 }), 'the bytes end at'],
    ['has a codec that Kafka does not', buildBatch(texts('a'), { attributes: 7 }), 'its codec is 7'],
    ['is not packed as it says', buildBatch(texts('a'), { attributes: 1 }), 'incorrect header check'],
    [
      'has packed bytes that are no records',
      buildBatch([{}], { pack: () => Buffer.alloc(9, 0xff) }),
      'a varint of more',
    ],
    ['has a record that ends elsewhere', buildBatch([{}], { pack: (bytes) => withLonger(bytes) }), 'another length'],
  ])('is told when it %s', async (_name, bytes, reason) => {
    const { damage, messages } = await decode(bytes)
    expect(messages).toEqual([])
    expect(damage?.reason).toContain(reason)
  })

  /** The first byte is the record's length in zigzag. */
  function withLonger(record: Buffer): Buffer {
    const longer = Buffer.concat([record, Buffer.alloc(1)])
    longer.writeUInt8((longer[0] as number) + 2, 0)
    return longer
  }
})

describe('a large batch', () => {
  it('is read although it has more records than a call takes arguments', async () => {
    const records = Array.from({ length: 130_000 }, () => ({}))
    const bytes = buildBatch(records, gzipped)
    const [first, second] = [await decode(bytes), await decode(bytes, 100_000)]
    expect([first, second].map(({ messages }) => messages.length)).toEqual([100_000, 30_000])
    expect(second.messages[0]?.offset).toBe('100000')
  })

  it('is read in parts when its records are more than one answer may hold', async () => {
    const bytes = buildBatch(texts(...'abcdefg'), gzipped)
    const seen: string[] = []
    for (let from = 0; from < 7; from = Number(seen.at(-1)?.split(' ')[0]) + 1) {
      seen.push(...shown((await decode(bytes, from, [], { bytes: 1_000, records: 3 })).messages))
    }
    expect(seen).toEqual([...'abcdefg'].map((value, offset) => `${offset} ${value}`))
  })

  it('leaves what is beyond the bound for the next answer, whatever partition it is of', async () => {
    const bytes = Buffer.concat([0n, 1n].map((baseOffset) => buildBatch(texts('x'.repeat(100)), { baseOffset })))
    const budget = { bytes: 50, records: 10 }
    expect((await decode(bytes, 0, [], budget)).messages).toHaveLength(1)
    expect(await decode(bytes, 0, [], budget)).toEqual({ messages: [], damage: null })
  })

  it('that unpacks to more than 64 MB is told record by record, and the next one is read', async () => {
    const bomb = buildBatch([{ value: Buffer.alloc(65 * 1024 * 1024) }], {
      attributes: 1,
      pack: (bytes) => gzipSync(bytes, { level: 1 }),
      recordCount: 3,
      lastOffsetDelta: 9,
    })
    const { messages } = await decode(Buffer.concat([bomb, buildBatch(texts('next'), { baseOffset: 10n })]))
    expect(messages.map(({ offset, isTooLarge }) => [offset, isTooLarge])).toEqual([
      ['0', true],
      ['1', true],
      ['9', true],
      ['10', undefined],
    ])
  })
})

describe('offsets without a record', () => {
  it('are passed at the end of what compaction has left, also of a batch that it has emptied', async () => {
    const emptied = buildBatch([], { baseOffset: 2n, lastOffsetDelta: 4 })
    expect(shown((await decode(emptied, 3)).messages)).toEqual(['6 passed'])
    const thinned = buildBatch([{ offsetDelta: 1, value: Buffer.from('left') }], { lastOffsetDelta: 3 })
    expect(shown((await decode(thinned)).messages)).toEqual(['1 left', '3 passed'])
    expect(
      shown((await decode(Buffer.concat([emptied, buildBatch(texts('a'), { baseOffset: 7n })]), 2)).messages),
    ).toEqual(['7 a'])
  })

  it('are passed where transactions were aborted, whichever way they mix, and whatever keys their records have', async () => {
    const write = (baseOffset: bigint, producerId: bigint, value: string) => {
      // The key of four zero bytes is also that of the marker that aborts.
      const record = { key: Buffer.alloc(4), value: Buffer.from(value) }
      return buildBatch([record], { baseOffset, producerId, attributes: isTransactional })
    }
    const end = (baseOffset: bigint, producerId: bigint, commits: boolean) =>
      buildBatch([{ key: Buffer.from([0, 0, 0, Number(commits)]) }], { baseOffset, producerId, attributes: isControl })
    const log = Buffer.concat([
      write(0n, 1n, 'aborted'),
      write(1n, 2n, 'aborted too'),
      write(2n, 3n, 'committed'),
      write(3n, 1n, 'aborted still'),
      end(4n, 1n, false),
      write(5n, 1n, 'committed by the same producer'),
      write(6n, 2n, 'still aborted'),
      end(7n, 1n, true),
      end(8n, 3n, true),
      end(9n, 2n, false),
    ])
    const aborted = [
      { producerId: 2n, firstOffset: 1 },
      { producerId: 1n, firstOffset: 0 },
    ]
    const { messages } = await decode(log, 0, aborted)
    expect(shown(messages)).toEqual(['2 committed', '5 committed by the same producer', '9 passed'])
  })
})
