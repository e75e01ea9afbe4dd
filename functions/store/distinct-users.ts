// How many different users there were, from a sketch that names none of them and can be merged: HyperLogLog.

/** 2^12 registers of a byte: the estimate is off by 1.6 % of itself (one standard deviation), by less below 5,000. */
const indexBits = 12
const registers = 2 ** indexBits

/** One standard deviation of the estimate, as a share of it. */
export const distinctUsersError = 1.04 / Math.sqrt(registers)

export function emptySketch(): Uint8Array {
  return new Uint8Array(registers)
}

/** Adds a user. Returns whether that changed anything. */
export function addUser(sketch: Uint8Array, userId: number): boolean {
  const hash = hashOf(userId)
  const index = hash >>> (32 - indexBits)
  // How many zeros the rest begins with, and one; the bit behind the rest ends the count.
  const rank = Math.clz32((hash << indexBits) | (1 << (indexBits - 1))) + 1
  if (rank <= (sketch[index] as number)) return false
  sketch[index] = rank
  return true
}

/** Adds all users of `other`. */
export function mergeSketch(sketch: Uint8Array, other: Uint8Array): void {
  if (other.length !== registers) throw new Error(`expected a sketch of ${registers} bytes, got ${other.length}`)
  for (let index = 0; index < registers; index++) {
    if ((other[index] as number) > (sketch[index] as number)) sketch[index] = other[index] as number
  }
}

/** 2^-rank, for every rank that there is. */
const shares = Float64Array.from({ length: 64 }, (_, rank) => 2 ** -rank)

/** https://algo.inria.fr/flajolet/Publications/FlFuGaMe07.pdf: the raw estimate, and linear counting where that is better. */
export function estimateUsers(sketch: Uint8Array): number {
  let sum = 0
  let zeros = 0
  for (const rank of sketch) {
    sum += shares[rank] as number
    if (rank === 0) zeros++
  }
  const alpha = 0.7213 / (1 + 1.079 / registers)
  const raw = (alpha * registers * registers) / sum
  return Math.round(raw <= 2.5 * registers && zeros > 0 ? registers * Math.log(registers / zeros) : raw)
}

/** Both halves of the number through MurmurHash3's finalizer. */
function hashOf(userId: number): number {
  return mix(mix(Math.floor(userId / 2 ** 32)) ^ (userId >>> 0))
}

function mix(value: number): number {
  let hash = value ^ 0x9e3779b9
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
