import { gzipSync } from 'node:zlib'
import { compressFrameSync } from 'lz4-napi'
import { compressSync } from 'snappy'
import { expect, it } from 'vitest'
import { unpack } from './unpack.ts'

/** As a batch's attributes carry them. */
const codec = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 }

const records = Buffer.from('some records '.repeat(1000))
const bomb = Buffer.alloc(65 * 1024 * 1024)

it('unpacks what every codec packed', () => {
  expect(unpack(records, codec.none)?.equals(records)).toBe(true)
  expect(unpack(gzipSync(records), codec.gzip)?.equals(records)).toBe(true)
  expect(unpack(compressSync(records), codec.snappy)?.equals(records)).toBe(true)
  expect(unpack(xerial(compressSync(records), compressSync(records)), codec.snappy)?.length).toBe(2 * records.length)
  expect(unpack(compressFrameSync(records), codec.lz4)?.equals(records)).toBe(true)
})

it('leaves alone what would be larger than 64 MB, and what claims to be', () => {
  expect(unpack(gzipSync(bomb), codec.gzip)).toBeNull()
  expect(unpack(compressSync(bomb), codec.snappy)).toBeNull()
  const third = compressSync(bomb.subarray(0, 22 * 1024 * 1024))
  expect(unpack(xerial(third, third, third), codec.snappy)).toBeNull()
  expect(unpack(compressFrameSync(bomb), codec.lz4)).toBeNull()
  // A snappy block of five bytes that says it holds four gigabytes.
  expect(unpack(Buffer.from('ffffffff0f', 'hex'), codec.snappy)).toBeNull()
})

it('leaves alone what is damaged, cut short, or packed with what it cannot bound', () => {
  const packed = [gzipSync(records), compressSync(records), compressFrameSync(records)]
  for (const [i, each] of packed.entries()) {
    for (const part of [each.subarray(0, each.length >> 1), Buffer.alloc(100, 0xaa)]) {
      expect(unpack(part, i + 1)).toBeNull()
    }
  }
  expect(unpack(records, codec.zstd)).toBeNull()
})

/** The framing of Java's snappy library: magic, two version numbers, and blocks with their lengths. */
function xerial(...blocks: Buffer[]): Buffer {
  const framed = blocks.flatMap((block) => {
    const length = Buffer.alloc(4)
    length.writeInt32BE(block.length)
    return [length, block]
  })
  return Buffer.concat([Buffer.from('82534e41505059000000000100000001', 'hex'), ...framed])
}
