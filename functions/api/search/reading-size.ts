// How many rows one reading of the store looks at: as many as are read before anybody has waited for it.

/** The thread answers nobody else meanwhile. */
const readingMs = 10
const rowsFirst = 500
/** Some seven pages of a file: on a disk that is slow and busy each may take milliseconds. */
const rowsMin = 100

export interface ReadingSize {
  /** For the next reading. */
  readonly rows: number
  /** The last one took so long. */
  took(ms: number): void
}

/** Follows the machine: rows that lie on the disk, or a busy processor, make the next reading smaller. */
export function readingSize(rowsMax: number): ReadingSize {
  let rows = Math.min(rowsFirst, rowsMax)
  return {
    get rows() {
      return rows
    },
    took(ms) {
      // At most doubled: that some rows were in memory says little of the next ones.
      const fitting = rows * Math.min(2, readingMs / Math.max(ms, 0.001))
      rows = Math.min(rowsMax, Math.max(rowsMin, Math.round(fitting)))
    },
  }
}
