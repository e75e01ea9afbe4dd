// How large compressed bytes can become, read from their framing alone: known before anything is unpacked.

const lz4Magic = 0x184d2204
const zstdMagic = 0xfd2fb528
const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
/** The magic, and two version numbers of 4 bytes each. */
const xerialHeaderBytes = 16
/** No LZ4 sequence makes more than 255 bytes of one. */
const lz4ExpansionMax = 255
const zstdBlockBytesMax = 128 * 1024

/** The blocks of Snappy in the framing of Java's library (int32 length, block), or null when the bytes are one bare block. */
export function xerialBlocks(bytes: Buffer): Buffer[] | null {
  if (!bytes.subarray(0, xerialMagic.length).equals(xerialMagic)) return null
  const blocks: Buffer[] = []
  let at = xerialHeaderBytes
  while (at + 4 <= bytes.length) {
    const length = bytes.readUInt32BE(at)
    blocks.push(bytes.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return blocks
}

/** Every Snappy block begins with its unpacked length as a varint. https://github.com/google/snappy/blob/main/format_description.txt */
export function snappyBlockBytes(block: Buffer): number {
  let length = 0
  for (let index = 0; index < 5; index += 1) {
    const byte = block[index] ?? 0
    length += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) break
  }
  return length
}

/** https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md: a frame is a header and blocks that each say their packed length. */
export function lz4BytesMax(bytes: Buffer): number {
  if (bytes.length < 7 || bytes.readUInt32LE(0) !== lz4Magic) throw new Error('These bytes are not an LZ4 frame')
  const flags = bytes.readUInt8(4)
  const blockBytesMax = 256 * 4 ** ((bytes.readUInt8(5) >> 4) & 7)
  const hasBlockChecksums = (flags & 0x10) !== 0
  let at = 7 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0)
  let bound = 0
  while (at + 4 <= bytes.length) {
    const length = bytes.readUInt32LE(at) & 0x7fffffff
    if (length === 0) break
    bound += Math.min(blockBytesMax, length * lz4ExpansionMax)
    at += 4 + length + (hasBlockChecksums ? 4 : 0)
  }
  return bound
}

/** https://www.rfc-editor.org/rfc/rfc8878: a frame says its size or its window, and each block says its own. */
export function zstdBytesMax(bytes: Buffer): number {
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== zstdMagic) throw new Error('These bytes are not a Zstandard frame')
  const descriptor = bytes.readUInt8(4)
  const isSingleSegment = (descriptor & 0x20) !== 0
  const sizeFlag = descriptor >> 6
  const sizeBytes = sizeFlag === 0 ? Number(isSingleSegment) : 2 ** sizeFlag
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0
  const sizeAt = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes
  const declared = littleEndian(bytes, sizeAt, sizeBytes) + (sizeFlag === 1 ? 256 : 0)
  const window = isSingleSegment ? declared : windowBytes(bytes.readUInt8(5))
  const { bound, end } = zstdBlocksMax(bytes, sizeAt + sizeBytes)
  const rest = bytes.subarray(end + (descriptor & 0x04 ? 4 : 0))
  // The window is allocated whatever the blocks hold.
  return Math.max(bound, window, declared) + (rest.length > 0 ? zstdBytesMax(rest) : 0)
}

function zstdBlocksMax(bytes: Buffer, from: number): { bound: number; end: number } {
  let bound = 0
  let at = from
  for (;;) {
    if (at + 3 > bytes.length) throw new Error('This Zstandard frame is cut short')
    const header = bytes.readUIntLE(at, 3)
    const size = header >> 3
    const type = (header >> 1) & 3
    // Raw; one byte repeated; compressed.
    bound += type === 2 ? zstdBlockBytesMax : size
    at += 3 + (type === 1 ? 1 : size)
    if (header & 1) return { bound, end: at }
  }
}

function windowBytes(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3))
  return base + (base / 8) * (descriptor & 7)
}

function littleEndian(bytes: Buffer, at: number, length: number): number {
  let value = 0
  for (let index = length - 1; index >= 0; index -= 1) value = value * 256 + (bytes[at + index] ?? 0)
  return value
}
