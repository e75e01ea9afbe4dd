// Bloom filters of many runs of ids, asked all at once: which runs may hold this id?

/** Bits of a filter that one id sets. */
const hashes = 8
/** Bits of a filter for each id, at least: one run in 1,700 is asked in vain, one in 11,000 at the size in use. */
const bitsPerId = 16
const runsPerWord = 32

/** The two halves of double hashing. https://www.eecs.harvard.edu/~michaelm/postscripts/rsa2008.pdf */
export interface IdHash {
  first: number
  second: number
}

const none: readonly number[] = []

/**
 * The filters are kept crosswise: for each position one bit a run, side by side. An id is looked up in hundreds of runs
 * by reading eight short stretches of memory, where filters one behind the other would take eight reads for each run.
 * Ten million ids take 32 MiB.
 */
export class IdFilter {
  readonly #positions: number
  /** Words reserved for each position; grows by doubling. */
  #stride = 1
  /** The first word that is kept: runs go from the beginning on. */
  #first = 0
  #bits: Uint32Array

  constructor(idsPerRun: number) {
    this.#positions = 2 ** Math.ceil(Math.log2(idsPerRun * bitsPerId))
    this.#bits = new Uint32Array(this.#positions)
  }

  /** Makes room for all words up to this one at once. */
  reserve(word: number): void {
    let stride = this.#stride
    while (word - this.#first >= stride) stride *= 2
    if (stride !== this.#stride) this.#widen(stride)
  }

  /** Takes in the filters of 32 runs as they are stored. */
  load(word: number, stored: Uint8Array): void {
    this.reserve(word)
    const column = word - this.#first
    const bits = this.#unpack(stored)
    for (let position = 0; position < this.#positions; position++) {
      this.#bits[position * this.#stride + column] = bits[position] as number
    }
  }

  /** Whether most of the memory is taken by runs before this word, so that beginning anew is worth its time. */
  isMostlyBefore(word: number): boolean {
    return (word - this.#first) * 2 > this.#stride
  }

  /** Forgets everything; what follows is loaded from this word on. Returns the word. */
  restart(word: number): number {
    this.#first = word
    this.#stride = 1
    this.#bits = new Uint32Array(this.#positions)
    return word
  }

  /** Adds the ids of one run to the stored filters of its 32; `stored` is null for the first of them. */
  add(stored: Uint8Array | null, run: number, ids: IdHash[]): Uint8Array {
    const bits = stored ? this.#unpack(stored) : new Uint32Array(this.#positions)
    const bit = 1 << (run % runsPerWord)
    for (const { first, second } of ids) {
      for (let index = 0; index < hashes; index++) {
        const position = this.#position(first, second, index)
        bits[position] = (bits[position] as number) | bit
      }
    }
    return new Uint8Array(bits.buffer)
  }

  /** Runs that may hold the id: all that do, and now and then one that does not. */
  candidates({ first, second }: IdHash): readonly number[] {
    let found: number[] | undefined
    for (let word = 0; word < this.#stride; word++) {
      let runs = ~0
      for (let index = 0; index < hashes && runs !== 0; index++) {
        runs &= this.#bits[this.#position(first, second, index) * this.#stride + word] as number
      }
      for (; runs !== 0; runs &= runs - 1) {
        found ??= []
        found.push((this.#first + word) * runsPerWord + 31 - Math.clz32(runs & -runs))
      }
    }
    return found ?? none
  }

  #position(first: number, second: number, index: number): number {
    return (first + Math.imul(index, second)) & (this.#positions - 1)
  }

  #widen(stride: number): void {
    const wider = new Uint32Array(this.#positions * stride)
    for (let position = 0; position < this.#positions; position++) {
      const from = position * this.#stride
      for (let word = 0; word < this.#stride; word++) {
        wider[position * stride + word] = this.#bits[from + word] as number
      }
    }
    this.#bits = wider
    this.#stride = stride
  }

  /** A copy, because stored bytes need not begin where a word may. */
  #unpack(stored: Uint8Array): Uint32Array {
    // Read with another size, filters would rule out ids that are there.
    if (stored.length !== this.#positions * 4)
      throw new Error(`expected ${this.#positions * 4} bytes of filters, got ${stored.length}`)
    const bits = new Uint32Array(this.#positions)
    new Uint8Array(bits.buffer).set(stored)
    return bits
  }
}

/** FNV-1a, twice with different primes; a poor hash would cost time, never correctness. */
export function hashOf(groupId: number, id: string | Uint8Array): IdHash {
  let first = 0x811c9dc5 ^ groupId
  let second = 0x9747b28c ^ groupId
  for (let index = 0; index < id.length; index++) {
    const unit = typeof id === 'string' ? id.charCodeAt(index) : (id[index] as number)
    first = Math.imul(first ^ unit, 0x01000193)
    second = Math.imul(second ^ unit, 0x5bd1e995)
  }
  // High bits are mixed into the low ones, which choose the position. An odd step reaches every position.
  return { first: first ^ (first >>> 15), second: (second ^ (second >>> 13)) | 1 }
}
