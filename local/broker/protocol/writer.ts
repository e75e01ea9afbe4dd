// Writes Kafka's wire types into a growing buffer; record batches are passed on by reference.

/** Bytes passed on without a copy cost a separate chunk for the socket; below this size a copy is cheaper. */
const referenceBytesMin = 4096

export class Writer {
  private buffer: Buffer
  private at = 0
  private done: Buffer[] = []
  private doneBytes = 0

  constructor(bytes = 256) {
    this.buffer = Buffer.allocUnsafe(bytes)
  }

  get length(): number {
    return this.doneBytes + this.at
  }

  private byte(value: number): void {
    const at = this.room(1)
    this.buffer[at] = value
  }

  /** Makes room for `bytes` more and returns where they go. */
  private room(bytes: number): number {
    const from = this.at
    const needed = from + bytes
    if (needed > this.buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2))
      this.buffer.copy(grown, 0, 0, from)
      this.buffer = grown
    }
    this.at = needed
    return from
  }

  bool(value: boolean): void {
    this.int8(value ? 1 : 0)
  }

  int8(value: number): void {
    const at = this.room(1)
    this.buffer.writeInt8(value, at)
  }

  int16(value: number): void {
    const at = this.room(2)
    this.buffer.writeInt16BE(value, at)
  }

  int32(value: number): void {
    const at = this.room(4)
    this.buffer.writeInt32BE(value, at)
  }

  int64(value: number): void {
    const at = this.room(8)
    const high = Math.floor(value / 0x1_0000_0000)
    this.buffer.writeInt32BE(high, at)
    this.buffer.writeUInt32BE(value - high * 0x1_0000_0000, at + 4)
  }

  uuid(value: string): void {
    const at = this.room(16)
    this.buffer.write(value, at, 16, 'hex')
  }

  unsignedVarint(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80)
      rest = Math.floor(rest / 128)
    }
    this.byte(rest)
  }

  private lengthOf(length: number, flexible: boolean, short: boolean): void {
    if (flexible) this.unsignedVarint(length + 1)
    else if (short) this.int16(length)
    else this.int32(length)
  }

  string(value: string | null, flexible: boolean): void {
    const length = value === null ? -1 : Buffer.byteLength(value)
    this.lengthOf(length, flexible, true)
    if (value === null) return
    const at = this.room(length)
    this.buffer.write(value, at, length, 'utf8')
  }

  bytes(value: Buffer | null, flexible: boolean): void {
    this.lengthOf(value === null ? -1 : value.length, flexible, false)
    if (value !== null) this.raw(value)
  }

  count(value: number | null, flexible: boolean): void {
    this.lengthOf(value ?? -1, flexible, false)
  }

  /** Bytes as they are, without a length. */
  raw(value: Buffer): void {
    if (value.length < referenceBytesMin) {
      const at = this.room(value.length)
      value.copy(this.buffer, at)
      return
    }
    this.done.push(this.buffer.subarray(0, this.at), value)
    this.doneBytes += this.at + value.length
    this.buffer = Buffer.allocUnsafe(256)
    this.at = 0
  }

  /** What was written, as chunks to be sent one after the other. */
  chunks(): Buffer[] {
    return [...this.done, this.buffer.subarray(0, this.at)]
  }

  toBuffer(): Buffer {
    return this.done.length === 0 ? this.buffer.subarray(0, this.at) : Buffer.concat(this.chunks())
  }
}
