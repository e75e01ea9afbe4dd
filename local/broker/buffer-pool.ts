// Large buffers that are used again and again: made anew for each answer, they would come back as garbage and as memory
// that the process never returns.

/** Smaller ones are as cheap to make. */
const pooledBytesMin = 64 * 1024

/** Kept for later; what is given back beyond that is let go. */
const keptBytesMax = 8 * 1024 * 1024

export class BufferPool {
  private readonly free: Buffer[] = []
  private freeBytes = 0

  /** A buffer of `bytes`, filled with anything. */
  take(bytes: number): Buffer {
    if (bytes < pooledBytesMin) return Buffer.allocUnsafe(bytes)
    const found = this.free.findIndex(({ length }) => length >= bytes)
    if (found < 0) return Buffer.allocUnsafeSlow(Math.ceil(bytes / pooledBytesMin) * pooledBytesMin).subarray(0, bytes)
    const [buffer] = this.free.splice(found, 1) as [Buffer]
    this.freeBytes -= buffer.length
    return buffer.subarray(0, bytes)
  }

  /** Takes back what `take` gave, or a part of it, once nobody looks at it any more. */
  give(buffer: Buffer): void {
    const whole = Buffer.from(buffer.buffer)
    if (whole.length < pooledBytesMin || this.freeBytes + whole.length > keptBytesMax) return
    this.free.push(whole)
    this.freeBytes += whole.length
  }
}

/** Buffers taken one after the other, to be given back together. */
export function loanFrom(pool: BufferPool): { lend(bytes: number): Buffer; giveBack(): void } {
  const lent: Buffer[] = []
  return {
    lend(bytes) {
      const buffer = pool.take(bytes)
      lent.push(buffer)
      return buffer
    },
    giveBack() {
      for (const buffer of lent.splice(0)) pool.give(buffer)
    },
  }
}
