// Unpacks the records of a batch where the broker must look at them, which is only to find a record by its time.
import { createRequire } from 'node:module'
import { gunzipSync } from 'node:zlib'
import { Reader } from '../protocol/reader.ts'

/** Loaded when first needed: together they take 11 MB, and most brokers never look into a packed batch. */
const load = createRequire(import.meta.url)
const snappy = () => load('snappy') as typeof import('snappy')
const lz4 = () => load('lz4-napi') as typeof import('lz4-napi')

/** A batch that may hold more than this is left alone: a megabyte from a stranger can claim to be a gigabyte. */
const unpackedBytesMax = 64 * 1024 * 1024

/** No LZ4 sequence makes more than 255 bytes of one. */
const lz4ExpansionMax = 255

/**
 * By the number that a batch's attributes carry: none, gzip, snappy, lz4. Zstandard (4) is missing because the
 * decoder cannot be told a limit.
 */
const unpackers: readonly ((packed: Buffer) => Buffer)[] = [
  (plain) => plain,
  (packed) => gunzipSync(packed, { maxOutputLength: unpackedBytesMax }),
  unpackSnappy,
  (packed) => lz4().decompressFrameSync(within(packed.length * lz4ExpansionMax, packed)),
]

/** The records as they were before compression, or null where they cannot be read or may be too large. */
export function unpack(packed: Buffer, codec: number): Buffer | null {
  try {
    return unpackers[codec]?.(packed) ?? null
  } catch {
    return null
  }
}

/** Java's clients write Snappy in a framing of their own, with this magic and two version numbers of four bytes. */
const xerialMagic = Buffer.from('82534e4150505900', 'hex')
const xerialHeaderBytes = 16

function unpackSnappy(packed: Buffer): Buffer {
  if (!packed.subarray(0, xerialMagic.length).equals(xerialMagic)) return unpackSnappyBlock(packed, unpackedBytesMax)
  const reader = new Reader(packed, xerialHeaderBytes)
  const blocks: Buffer[] = []
  let left = unpackedBytesMax
  while (reader.remaining > 0) {
    const block = unpackSnappyBlock(reader.bytes(false) as Buffer, left)
    left -= block.length
    blocks.push(block)
  }
  return Buffer.concat(blocks)
}

/** A block begins with its unpacked length. https://github.com/google/snappy/blob/main/format_description.txt */
function unpackSnappyBlock(block: Buffer, bytesMax: number): Buffer {
  within(new Reader(block).unsignedVarint() + unpackedBytesMax - bytesMax, block)
  return snappy().uncompressSync(block, { asBuffer: true }) as Buffer
}

function within(bytes: number, packed: Buffer): Buffer {
  if (bytes > unpackedBytesMax) throw new RangeError(`The records may have ${bytes} bytes`)
  return packed
}
