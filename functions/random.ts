// Chance that can be repeated: the same seed gives the same numbers.
import { createHash } from 'node:crypto'

/** A number in [0, 1). */
export type Random = () => number

/** Chris Doty-Humphrey's sfc32, begun with the SHA-256 of the seed. Not for secrets. */
export function seededRandom(seed: string): Random {
  const digest = createHash('sha256').update(seed).digest()
  let a = digest.readInt32LE(0)
  let b = digest.readInt32LE(4)
  let c = digest.readInt32LE(8)
  let counter = 1
  return () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
}
