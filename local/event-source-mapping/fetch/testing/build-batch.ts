// Builds record batches as producers, brokers and compaction leave them, for tests of their decoder.
import { createRequire } from 'node:module'

const { crc32c } = createRequire(import.meta.url)('@node-rs/crc32') as typeof import('@node-rs/crc32')

export interface BuiltRecord {
  /** Its index unless told otherwise. */
  offsetDelta?: number
  timestampDelta?: bigint
  key?: Buffer | null
  value?: Buffer | null
  headers?: [string, Buffer | null][]
}

export interface BuiltBatch {
  baseOffset?: bigint
  baseTimestamp?: bigint
  maxTimestamp?: bigint
  /** 0x07 codec, 0x08 LogAppendTime, 0x10 transactional, 0x20 control. */
  attributes?: number
  producerId?: bigint
  /** That of the last record unless told otherwise: compaction may have removed it. */
  lastOffsetDelta?: number
  /** What the header claims. */
  recordCount?: number
  pack?: (records: Buffer) => Buffer
}

export function buildBatch(records: readonly BuiltRecord[], batch: BuiltBatch = {}): Buffer {
  const plain = Buffer.concat(records.map((record, index) => encoded({ offsetDelta: index, ...record })))
  const packed = batch.pack?.(plain) ?? plain
  const header = Buffer.alloc(61)
  header.writeBigInt64BE(batch.baseOffset ?? 0n, 0)
  header.writeInt32BE(packed.length + 49, 8)
  header.writeInt8(2, 16)
  header.writeInt16BE(batch.attributes ?? 0, 21)
  header.writeInt32BE(batch.lastOffsetDelta ?? records.at(-1)?.offsetDelta ?? records.length - 1, 23)
  header.writeBigInt64BE(batch.baseTimestamp ?? 0n, 27)
  header.writeBigInt64BE(batch.maxTimestamp ?? batch.baseTimestamp ?? 0n, 35)
  header.writeBigInt64BE(batch.producerId ?? -1n, 43)
  header.writeInt32BE(batch.recordCount ?? records.length, 57)
  const whole = Buffer.concat([header, packed])
  whole.writeUInt32BE(crc32c(whole.subarray(21)), 17)
  return whole
}

function encoded({
  timestampDelta = 0n,
  offsetDelta = 0,
  key = null,
  value = null,
  headers = [],
}: BuiltRecord): Buffer {
  const content = Buffer.concat([
    Buffer.from([0]),
    varint(timestampDelta),
    varint(BigInt(offsetDelta)),
    withLength(key),
    withLength(value),
    varint(BigInt(headers.length)),
    ...headers.flatMap(([name, bytes]) => [withLength(Buffer.from(name)), withLength(bytes)]),
  ])
  return Buffer.concat([varint(BigInt(content.length)), content])
}

function withLength(bytes: Buffer | null): Buffer {
  return bytes === null ? varint(-1n) : Buffer.concat([varint(BigInt(bytes.length)), bytes])
}

/** Zigzag, seven bits a byte. */
function varint(value: bigint): Buffer {
  const out: number[] = []
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  for (; rest > 0x7fn; rest >>= 7n) out.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...out, Number(rest)])
}
