import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import * as zlib from 'node:zlib'
import kafkajs from 'kafkajs'
import { compressFrameSync } from 'lz4-napi'
import * as snappy from 'snappy'
import { beforeAll, describe, expect, it } from 'vitest'
import { registerCodecs, unpackedBytesMax } from './codecs.ts'
import { isStandIn } from './stand-in.ts'

interface Message {
  offset: string
  value: Buffer | null
  headers: Record<string, Buffer>
}

// kafkajs's own way from the bytes of a fetch to messages: what its consumers run, codecs included.
const require = createRequire(import.meta.url)
const Decoder = require('kafkajs/src/protocol/decoder')
const decodeMessages = require('kafkajs/src/protocol/requests/fetch/v4/decodeMessages')

beforeAll(registerCodecs)

describe.each(['gzip', 'snappy', 'lz4', 'zstd'])('%s', (codec) => {
  it.each(['librdkafka', 'java'])('reads every record that %s wrote', async (client) => {
    const messages = await decode(readFileSync(new URL(`fixtures/${client}-${codec}.bin`, import.meta.url)))
    expect(messages.length).toBeGreaterThan(100)
    for (const { offset, value } of messages) {
      const n = Number(offset)
      expect(JSON.parse(String(value))).toMatchObject({ amount: n * 1.25, note: 'x'.repeat(n % 120) })
    }
  })

  it('passes over a batch that unpacks to more than allowed, record by record, and reads the next one', async () => {
    const bomb = recordBatch(codec, 100, 3)
    const good = readFileSync(new URL(`fixtures/librdkafka-${codec}.bin`, import.meta.url))
    good.writeBigInt64BE(103n, 0)
    const messages = await decode(Buffer.concat([bomb, good]))
    const standIns = messages.filter(isStandIn)
    expect(standIns.map(({ offset, value }) => [offset, value])).toEqual([
      ['100', null],
      ['101', null],
      ['102', null],
    ])
    expect(messages[3]?.offset).toBe('103')
    expect(String(messages[3]?.value)).toContain('event-00000')
  })

  it('says that bytes are damaged, and does not take them for a batch that is too large', async () => {
    const damaged = recordBatch(codec, 0, 3)
    damaged.fill(1, 61)
    await expect(decode(damaged)).rejects.toThrow()
  })
})

it('leaves for the next answer what one answer unpacks to beyond the bound on all of its batches', async () => {
  const halves = [0, 1, 2].map((offset) => batchOfZeros(offset, unpackedBytesMax / 2))
  expect(await decode(Buffer.concat(halves))).toHaveLength(2)
  expect(await decode(Buffer.concat(halves.slice(2)))).toHaveLength(1)
})

it('refuses a batch that claims more records than kafkajs could hold', async () => {
  const batch = recordBatch('gzip', 0, 3)
  batch.writeInt32BE(2_000_000_000, 57)
  await expect(decode(batch)).rejects.toThrow('2000000000 records')
})

it.each(['GZIP', 'Snappy', 'LZ4'] as const)('packs %s so that it reads it again', async (name) => {
  const codec = kafkajs.CompressionCodecs[kafkajs.CompressionTypes[name]]()
  const bytes = Buffer.from('the same again, '.repeat(20_000))
  const unpacked = await codec.decompress(await codec.compress({ buffer: bytes }))
  expect(bytes.equals(unpacked)).toBe(true)
})

function decode(batches: Buffer): Promise<Message[]> {
  const size = Buffer.alloc(4)
  size.writeInt32BE(batches.length)
  return decodeMessages(new Decoder(Buffer.concat([size, batches])))
}

/** A record batch of `count` records from `baseOffset` on whose compressed part holds more zeros than is allowed. */
function recordBatch(codec: string, baseOffset: number, count: number): Buffer {
  return batchOf(codec, baseOffset, count, bombs[codec]?.() ?? Buffer.alloc(0))
}

/** A record batch with one record, whose value has `length` zeros. */
function batchOfZeros(baseOffset: number, length: number): Buffer {
  // Zigzag, seven bits a byte: attributes, two deltas, no key, the value, no headers.
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))]
  const body = Buffer.concat([Buffer.from([0, 0, 0, 1, ...varint(2 * length)]), Buffer.alloc(length), Buffer.from([0])])
  return batchOf(
    'gzip',
    baseOffset,
    1,
    zlib.gzipSync(Buffer.concat([Buffer.from(varint(2 * body.length)), body]), { level: 1 }),
  )
}

function batchOf(codec: string, baseOffset: number, count: number, compressed: Buffer): Buffer {
  const header = Buffer.alloc(61)
  header.writeBigInt64BE(BigInt(baseOffset), 0)
  header.writeInt32BE(compressed.length + 49, 8)
  header[16] = 2
  header.writeInt16BE(['none', 'gzip', 'snappy', 'lz4', 'zstd'].indexOf(codec), 21)
  header.writeInt32BE(count - 1, 23)
  header.writeInt32BE(count, 57)
  return Buffer.concat([header, compressed])
}

const zeros = Buffer.alloc(unpackedBytesMax + 1)
const bombs: Record<string, () => Buffer> = {
  gzip: () => zlib.gzipSync(zeros, { level: 1 }),
  snappy: () => snappy.compressSync(zeros) as Buffer,
  lz4: () => compressFrameSync(zeros),
  zstd: () => zstdBomb(zeros.length),
}

/** A Zstandard frame of blocks that each repeat one byte 128 Ki times: 4 bytes become 131,072. */
function zstdBomb(length: number): Buffer {
  const blockBytes = 128 * 1024
  const count = Math.ceil(length / blockBytes)
  const blocks = Buffer.alloc(4 * count)
  for (let index = 0; index < count; index += 1) {
    const isLast = index === count - 1 ? 1 : 0
    blocks.writeUIntLE((blockBytes << 3) | (1 << 1) | isLast, 4 * index, 3)
  }
  // Magic, no flags, a window of 128 KB.
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]), blocks])
}
