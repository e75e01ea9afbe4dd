// Reads Kafka's primitive types from bytes, one after the other. https://kafka.apache.org/protocol#protocol_types

/** Every method throws a RangeError where the bytes end too early. */
export class WireReader {
  readonly bytes: Buffer
  at = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  int16(): number {
    this.at += 2
    return this.bytes.readInt16BE(this.at - 2)
  }

  int32(): number {
    this.at += 4
    return this.bytes.readInt32BE(this.at - 4)
  }

  int64(): bigint {
    this.at += 8
    return this.bytes.readBigInt64BE(this.at - 8)
  }

  /** Without a copy: it is a view of the same bytes. */
  take(length: number): Buffer {
    const end = this.at + length
    if (length < 0 || end > this.bytes.length) throw new RangeError(`${length} bytes are claimed at ${this.at}`)
    const taken = this.bytes.subarray(this.at, end)
    this.at = end
    return taken
  }

  /** A text behind its length in two bytes. */
  text(): string {
    return this.take(this.int16()).toString()
  }

  /** As many elements as the four bytes before them say; -1 stands for none. */
  list<T>(read: () => T): T[] {
    const count = this.int32()
    // No element is smaller than a byte: what claims more must not make an array of that size.
    if (count > this.bytes.length - this.at) throw new RangeError(`${count} elements are claimed at ${this.at}`)
    return Array.from({ length: Math.max(0, count) }, read)
  }

  /** Zigzag, seven bits a byte, 32 bits in all. */
  varint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
    }
    throw new RangeError(`a varint of more than 5 bytes ends at ${this.at}`)
  }

  /** The same with 64 bits: a number where 28 are enough. */
  varlong(): number | bigint {
    const start = this.at
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
    }
    this.at = start
    return this.#longVarlong()
  }

  #longVarlong(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return (BigInt.asUintN(64, value) >> 1n) ^ -(value & 1n)
    }
    throw new RangeError(`a varlong of more than 10 bytes ends at ${this.at}`)
  }

  #byte(): number {
    const byte = this.bytes[this.at]
    if (byte === undefined) throw new RangeError(`the bytes end at ${this.at}`)
    this.at += 1
    return byte
  }
}
