// Bounds what all record batches of one answer from Kafka unpack to together.
//
// kafkajs unpacks a whole answer before it hands over any of it, and 10 MB from a stranger can unpack to 10 GB. What is left
// out is fetched again with the next request, when the first part has been taken in.

/** Text rarely shrinks by more than 10, so that usual answers of 5 MB pass whole. The batch that reaches it is still unpacked. */
const unpackedBytesMax = 64 * 1024 * 1024
/** kafkajs makes objects of about 500 bytes of each record, however small. */
const recordsMax = 250_000

interface Spent {
  bytes: number
  records: number
}

/** By the memory that an answer is in: batches are views into it. */
const answers = new WeakMap<ArrayBufferLike, Spent>()

/** Has as much of the answer that this batch is part of been unpacked as is allowed at once? */
export function isSpent({ buffer }: Buffer): boolean {
  const spent = answers.get(buffer)
  return spent !== undefined && (spent.bytes >= unpackedBytesMax || spent.records >= recordsMax)
}

/** Notes what became of a batch. */
export function spend({ buffer }: Buffer, bytes: number, records: number): void {
  // Node's pool holds several answers, each smaller than that.
  if (buffer.byteLength <= Buffer.poolSize) return
  const before = answers.get(buffer) ?? { bytes: 0, records: 0 }
  answers.set(buffer, { bytes: before.bytes + bytes, records: before.records + records })
}
