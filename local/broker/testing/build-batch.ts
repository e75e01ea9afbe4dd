// Builds a record batch (magic 2, not compressed). Producers do this themselves; the broker's own tests need it.
import { crc32c } from '../log/crc32c.ts'

export interface BatchContent {
  /** One record each. `timestamp` in ms since 1970. */
  records: { key?: string; value: string | null; timestamp?: number }[]
  producerId?: number
  producerEpoch?: number
  baseSequence?: number
  /** Part of the producer's transaction. */
  transactional?: boolean
}

/** A batch as a producer sends it: base offset 0, CRC right. */
export function buildBatch(content: BatchContent): Buffer {
  const { records, producerId = -1, producerEpoch = -1, baseSequence = -1, transactional = false } = content
  const times = records.map(({ timestamp }) => timestamp ?? 0)
  const baseTimestamp = times[0] ?? 0
  const encoded = records.map(({ key, value }, i) => {
    return encodeRecord(key ?? null, value, (times[i] as number) - baseTimestamp, i)
  })
  const header = Buffer.alloc(61)
  const batch = Buffer.concat([header, ...encoded])
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt8(2, 16)
  batch.writeInt16BE(transactional ? 0x10 : 0, 21)
  batch.writeInt32BE(records.length - 1, 23)
  batch.writeBigInt64BE(BigInt(baseTimestamp), 27)
  batch.writeBigInt64BE(BigInt(Math.max(...times)), 35)
  batch.writeBigInt64BE(BigInt(producerId), 43)
  batch.writeInt16BE(producerEpoch, 51)
  batch.writeInt32BE(baseSequence, 53)
  batch.writeInt32BE(records.length, 57)
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

/** length, attributes, timestamp delta, offset delta, key, value, headers (none). */
function encodeRecord(key: string | null, value: string | null, timestampDelta: number, offsetDelta: number): Buffer {
  const times = [zigzag(timestampDelta), zigzag(offsetDelta)]
  const content = Buffer.concat([Buffer.from([0]), ...times, withLength(key), withLength(value), zigzag(0)])
  return Buffer.concat([zigzag(content.length), content])
}

function withLength(text: string | null): Buffer {
  if (text === null) return zigzag(-1)
  const bytes = Buffer.from(text)
  return Buffer.concat([zigzag(bytes.length), bytes])
}

function zigzag(value: number): Buffer {
  const out: number[] = []
  let rest = value < 0 ? -value * 2 - 1 : value * 2
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) out.push((rest % 128) + 0x80)
  return Buffer.from([...out, rest])
}
