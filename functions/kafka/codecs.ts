// Teaches kafkajs the codecs it lacks (snappy, lz4, zstd), and bounds what any of them may unpack to.
import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import { decompress as decompressZstd } from 'fzstd'
import kafkajs from 'kafkajs'
import { compressFrame, decompressFrame } from 'lz4-napi'
import * as snappy from 'snappy'
import { isSpent, spend } from './fetch-budget.ts'
import { lz4BytesMax, snappyBlockBytes, xerialBlocks, zstdBytesMax } from './output-bound.ts'
import { headerBefore, recordCountMax, standInRecords } from './stand-in.ts'

/** What kafkajs asks of a codec. It hands an encoder to one side, bytes to the other. */
export interface Codec {
  compress(encoder: { buffer: Buffer }): Promise<Buffer>
  decompress(bytes: Buffer): Promise<Buffer>
}

interface LimitedCodec {
  compress(bytes: Buffer): Promise<Buffer>
  /** @throws UnpackLimitError when the result would be longer than `bytesMax` */
  decompress(bytes: Buffer, bytesMax: number): Promise<Buffer>
}

/**
 * What one record batch may unpack to. Kafka takes batches of up to 1 MB packed by default, so this is 64 times as much;
 * text rarely shrinks by more than 20.
 */
export const unpackedBytesMax = 64 * 1024 * 1024

/** A record batch unpacks to more than is allowed: it may be in order, and is not read. */
export class UnpackLimitError extends Error {}

/** Node has Zstandard from 22.15 on; its types for Node 20 do not know it. */
const nativeZstd = zlib as unknown as {
  zstdCompress?: (bytes: Buffer, done: (error: Error | null, result: Buffer) => void) => void
  zstdDecompress?: (bytes: Buffer, done: (error: Error | null, result: Buffer) => void) => void
}

const gzip: LimitedCodec = {
  compress: promisify<Buffer, Buffer>(zlib.gzip),
  async decompress(bytes, bytesMax) {
    try {
      return await promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.unzip)(bytes, { maxOutputLength: bytesMax })
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') refuse(Number.POSITIVE_INFINITY, bytesMax)
      throw cause
    }
  },
}

/** librdkafka writes one bare block, Java's client a framing of its own; both are read. */
const snappyCodec: LimitedCodec = {
  compress: (bytes) => snappy.compress(bytes),
  async decompress(bytes, bytesMax) {
    const blocks = xerialBlocks(bytes) ?? [bytes]
    refuse(
      blocks.reduce((sum, block) => sum + snappyBlockBytes(block), 0),
      bytesMax,
    )
    const unpacked = await Promise.all(blocks.map((block) => snappy.uncompress(block, { asBuffer: true })))
    return unpacked.length === 1 ? (unpacked[0] as Buffer) : Buffer.concat(unpacked as Buffer[])
  },
}

const lz4: LimitedCodec = {
  compress: (bytes) => compressFrame(bytes),
  async decompress(bytes, bytesMax) {
    refuse(lz4BytesMax(bytes), bytesMax)
    return decompressFrame(bytes)
  },
}

const zstd: LimitedCodec = {
  async compress(bytes) {
    if (!nativeZstd.zstdCompress) throw new Error('Compressing with zstd needs Node 22.15 or newer; use lz4 instead')
    return promisify(nativeZstd.zstdCompress)(bytes)
  },
  async decompress(bytes, bytesMax) {
    refuse(zstdBytesMax(bytes), bytesMax)
    if (nativeZstd.zstdDecompress) return promisify(nativeZstd.zstdDecompress)(bytes)
    return Buffer.from(decompressZstd(bytes))
  },
}

/** By their numbers in the attributes of a record batch. https://kafka.apache.org/documentation/#recordbatch */
const codecs: Record<number, LimitedCodec> = { 1: gzip, 2: snappyCodec, 3: lz4, 4: zstd }

/**
 * The records of a batch, unpacked.
 *
 * @throws UnpackLimitError beyond 64 MB; Error when the bytes are not packed as they should be
 */
export async function unpackRecords(codec: number, packed: Buffer): Promise<Buffer> {
  const known = codecs[codec]
  if (!known) throw new Error(`its codec is ${codec}, which no version of Kafka has`)
  return known.decompress(packed, unpackedBytesMax)
}

/**
 * Registers gzip, snappy, lz4 and zstd with kafkajs, for this process; calling it again changes nothing.
 *
 * A record batch that unpacks to more than 64 MB is replaced by marked, empty records (see `isStandIn`): Kafka itself
 * has no such limit, and without one 1 MB from a stranger takes the process.
 */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs
  CompressionCodecs[CompressionTypes.GZIP] = () => limited(gzip, unpackedBytesMax)
  CompressionCodecs[CompressionTypes.Snappy] = () => limited(snappyCodec, unpackedBytesMax)
  CompressionCodecs[CompressionTypes.LZ4] = () => limited(lz4, unpackedBytesMax)
  CompressionCodecs[CompressionTypes.ZSTD] = () => limited(zstd, unpackedBytesMax)
}

function limited(codec: LimitedCodec, bytesMax: number): Codec {
  return {
    compress: ({ buffer }) => codec.compress(buffer),
    async decompress(bytes) {
      const header = headerBefore(bytes)
      if (header && isSpent(bytes)) throw partial('The rest of this answer is unpacked with the next one')
      try {
        if (header && header.recordCount > recordCountMax) {
          throw new Error(`A record batch holds ${header.recordCount} records; at most ${recordCountMax} are read`)
        }
        const unpacked = await codec.decompress(bytes, bytesMax)
        if (header) spend(bytes, unpacked.length, header.recordCount)
        return unpacked
      } catch (error) {
        if (error instanceof UnpackLimitError && header) return standInRecords(header)
        throw error
      }
    },
  }
}

/** kafkajs takes this name for a batch that a fetch has cut short: it keeps what came before, and all other partitions. */
function partial(message: string): Error {
  return Object.assign(new Error(message), { name: 'KafkaJSPartialMessageError' })
}

function refuse(bytes: number, bytesMax: number): void {
  if (bytes > bytesMax) throw new UnpackLimitError(`A record batch unpacks to more than ${bytesMax} bytes`)
}
