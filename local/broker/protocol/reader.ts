// Reads Kafka's wire types from one frame, and refuses anything that would reach past its end.

/** A frame that does not hold what its API and version promise. The connection it came on is closed. */
export class MalformedFrame extends Error {
  override readonly name = 'MalformedFrame'
}

/** List elements in one message, all lists together. Kafka has no such limit; a 100 MB frame could else become gigabytes of objects. */
const elementsMax = 500_000

export class Reader {
  readonly buffer: Buffer
  position: number
  private elements = 0

  constructor(buffer: Buffer, position = 0) {
    this.buffer = buffer
    this.position = position
  }

  get remaining(): number {
    return this.buffer.length - this.position
  }

  /** Moves past `length` bytes and returns where they began. */
  take(length: number): number {
    const from = this.position
    if (length < 0 || length > this.buffer.length - from) {
      throw new MalformedFrame(`${length} bytes expected at ${from}, ${this.remaining} are left`)
    }
    this.position = from + length
    return from
  }

  bool(): boolean {
    return this.buffer[this.take(1)] !== 0
  }

  int8(): number {
    return this.buffer.readInt8(this.take(1))
  }

  int16(): number {
    return this.buffer.readInt16BE(this.take(2))
  }

  int32(): number {
    return this.buffer.readInt32BE(this.take(4))
  }

  int64(): number {
    const from = this.take(8)
    return this.buffer.readInt32BE(from) * 0x1_0000_0000 + this.buffer.readUInt32BE(from + 4)
  }

  uuid(): string {
    const from = this.take(16)
    return this.buffer.toString('hex', from, from + 16)
  }

  /** At most five bytes of seven bits each. */
  unsignedVarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer[this.take(1)] as number
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new MalformedFrame(`a varint is longer than five bytes at ${this.position}`)
  }

  /** A length, in the way of flexible versions or of the older ones; -1 is null. */
  private length(flexible: boolean, short: boolean): number {
    if (flexible) return this.unsignedVarint() - 1
    return short ? this.int16() : this.int32()
  }

  string(flexible: boolean): string | null {
    const length = this.length(flexible, true)
    if (length === -1) return null
    const from = this.take(length)
    return this.buffer.toString('utf8', from, from + length)
  }

  bytes(flexible: boolean): Buffer | null {
    const length = this.length(flexible, false)
    if (length === -1) return null
    const from = this.take(length)
    return this.buffer.subarray(from, from + length)
  }

  /** How many elements follow, or null. Each takes a byte at least, so more than there are bytes left is a lie. */
  count(flexible: boolean): number | null {
    const count = this.length(flexible, false)
    if (count === -1) return null
    this.elements += count
    if (count < -1 || count > this.remaining || this.elements > elementsMax) {
      throw new MalformedFrame(`a list of ${count} elements at ${this.position}`)
    }
    return count
  }
}
