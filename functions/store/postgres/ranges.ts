// Accounted offsets as a set of ranges that neither overlap nor touch, and what changed in it.

/** Offsets `[from, to)`. */
export interface Range {
  from: number
  to: number
}

/** What to do to the stored ranges: a range is named by its `from`. */
export interface RangeChanges {
  removed: number[]
  /** New ones, and those with a new end. */
  written: Range[]
}

/**
 * Holds of a partition's ranges those that a batch touches. Begun with all that contain or touch one of the offsets
 * asked about, it answers for these offsets as the whole would.
 */
export class RangeSet {
  readonly #stored: Map<number, number>
  /** Ascending. */
  readonly #ranges: Range[]
  /** Where the last offset was: records come in order, so the next is nearly always there or right behind. */
  #last = 0

  constructor(stored: Range[]) {
    this.#stored = new Map(stored.map(({ from, to }) => [from, to]))
    this.#ranges = [...this.#stored].map(([from, to]) => ({ from, to })).sort((a, b) => a.from - b.from)
  }

  has(offset: number): boolean {
    const range = this.#ranges[this.#find(offset)]
    return range !== undefined && offset >= range.from && offset < range.to
  }

  add(offset: number): void {
    const at = this.#find(offset)
    const range = this.#ranges[at]
    const next = this.#ranges[at + 1]
    if (range && offset >= range.from && offset < range.to) return
    const touchesNext = next?.from === offset + 1
    if (range?.to === offset) {
      range.to = touchesNext ? next.to : offset + 1
      if (touchesNext) this.#ranges.splice(at + 1, 1)
    } else if (touchesNext) next.from = offset
    else this.#ranges.splice(at + 1, 0, { from: offset, to: offset + 1 })
  }

  /** The end of the last range; 0 where there is none. */
  get end(): number {
    return this.#ranges.at(-1)?.to ?? 0
  }

  /** Moves the end of the last range. */
  extend(to: number): void {
    const last = this.#ranges.at(-1)
    if (last) last.to = to
  }

  changes(): RangeChanges {
    const now = new Set(this.#ranges.map(({ from }) => from))
    return {
      removed: [...this.#stored.keys()].filter((from) => !now.has(from)),
      written: this.#ranges.filter(({ from, to }) => this.#stored.get(from) !== to).map((range) => ({ ...range })),
    }
  }

  /** The index of the last range that begins at or before the offset; -1 where none does. */
  #find(offset: number): number {
    for (const at of [this.#last, this.#last + 1]) if (this.#isAt(at, offset)) return this.#remember(at)
    let low = 0
    let high = this.#ranges.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#ranges[middle] as Range).from <= offset) low = middle + 1
      else high = middle
    }
    return this.#remember(low - 1)
  }

  #isAt(at: number, offset: number): boolean {
    const range = this.#ranges[at]
    const next = this.#ranges[at + 1]
    return range !== undefined && range.from <= offset && (next === undefined || next.from > offset)
  }

  #remember(at: number): number {
    this.#last = at
    return at
  }
}

/** The stretches of consecutive offsets, ascending. */
export function runsOf(offsets: Iterable<number>): Range[] {
  const set = new RangeSet([])
  for (const offset of offsets) set.add(offset)
  return set.changes().written
}
