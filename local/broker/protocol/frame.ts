// Cuts a stream of bytes into frames: a length of four bytes, then as many bytes.
import { MalformedFrame } from './reader.ts'

/** socket.request.max.bytes: https://kafka.apache.org/documentation/#brokerconfigs_socket.request.max.bytes */
export const frameBytesMax = 104_857_600

const lengthBytes = 4

export class FrameReader {
  private chunks: Buffer[] = []
  /** Received and not yet returned as a frame. */
  bytes = 0

  push(chunk: Buffer): void {
    this.chunks.push(chunk)
    this.bytes += chunk.length
  }

  /** The next whole frame without its length, or null. Throws MalformedFrame for a length that cannot be. */
  next(bytesMax = frameBytesMax): Buffer | null {
    if (this.bytes < lengthBytes) return null
    if ((this.chunks[0] as Buffer).length < lengthBytes) this.join()
    const first = this.chunks[0] as Buffer
    const length = first.readInt32BE(0)
    if (length < 0 || length > bytesMax) throw new MalformedFrame(`a frame of ${length} bytes`)
    if (this.bytes < lengthBytes + length) return null
    const held = this.join()
    const rest = held.subarray(lengthBytes + length)
    this.chunks = rest.length > 0 ? [rest] : []
    this.bytes = rest.length
    return held.subarray(lengthBytes, lengthBytes + length)
  }

  private join(): Buffer {
    const held = this.chunks.length === 1 ? (this.chunks[0] as Buffer) : Buffer.concat(this.chunks)
    this.chunks = [held]
    return held
  }
}
