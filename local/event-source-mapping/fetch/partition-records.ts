// Decodes what a fetch brought for one partition, batch by batch, up to the first that cannot be read.
import { UnpackLimitError, unpackRecords } from '../../../functions/kafka/codecs.ts'
import type { KafkaMessage } from '../to-event.ts'
import { type AbortedTransaction, AbortedTransactions } from './aborted-transactions.ts'
import { batchesIn, isIntact, type RecordBatch, readRecords } from './record-batch.ts'

/** A message as kafkajs goes on with it: it keeps those from a function that are marked as control records, and moves past them. */
export type FetchedMessage = KafkaMessage & { isControlRecord: boolean }

/** A record batch that cannot be read: nothing behind it can be delivered without skipping it. */
export interface Damage {
  firstOffset: number
  lastOffset: number
  reason: string
}

export interface PartitionRecords {
  messages: FetchedMessage[]
  /** Set when the very batch that comes next cannot be read; what comes before another one is handed over first. */
  damage: Damage | null
}

/**
 * What one answer may still become, for all of its partitions: 10 MB from a stranger can unpack to 10 GB, and a record takes
 * some hundred bytes, however small. What is left out is fetched again when the first part has been taken in.
 */
export interface Budget {
  bytes: number
  records: number
}

/** Text rarely shrinks by more than 10, so that usual answers of 5 MB pass whole. The batch that reaches the bytes is still unpacked. */
export const budgetOfAnswer: Readonly<Budget> = { bytes: 64 * 1024 * 1024, records: 100_000 }

/**
 * The records from offset `from` on, in order, without those of aborted transactions. Where the last ones that were read hold nothing
 * for a function (control records, aborted ones, those that compaction has removed), a marker for kafkajs stands at the end.
 * Spends the budget. Never rejects.
 */
export async function decodePartition(
  bytes: Buffer,
  from: number,
  aborted: readonly AbortedTransaction[],
  budget: Budget,
): Promise<PartitionRecords> {
  const transactions = new AbortedTransactions(aborted)
  const messages: KafkaMessage[] = []
  let readTo = from
  for (const batch of batchesIn(bytes)) {
    if (budget.bytes <= 0 || budget.records <= 0) break
    let records: KafkaMessage[]
    try {
      records = await recordsOf(batch, from, transactions, budget)
    } catch (error) {
      if (readTo > from) break
      const { firstOffset, lastOffset } = batch
      return { messages: [], damage: { firstOffset, lastOffset, reason: (error as Error).message } }
    }
    for (const record of records) messages.push(record)
    // A batch that the budget has cut short goes on behind its last record.
    const isWhole = budget.records > 0
    readTo = Math.max(readTo, isWhole ? batch.lastOffset + 1 : Number(records.at(-1)?.offset) + 1)
  }
  return { messages: marked(messages, from, readTo), damage: null }
}

async function recordsOf(
  batch: RecordBatch,
  from: number,
  transactions: AbortedTransactions,
  budget: Budget,
): Promise<KafkaMessage[]> {
  if (!isIntact(batch)) throw new Error('its checksum does not fit its bytes')
  transactions.reach(batch.lastOffset)
  if (batch.isControl) {
    transactions.end(batch)
    return []
  }
  if (transactions.areAborted(batch)) return []
  const records = await unpackedRecords(batch, from, budget)
  budget.records -= records.length
  return records
}

async function unpackedRecords(batch: RecordBatch, from: number, budget: Budget): Promise<KafkaMessage[]> {
  let unpacked = batch.records
  try {
    if (batch.codec > 0) unpacked = await unpackRecords(batch.codec, batch.records)
  } catch (error) {
    if (error instanceof UnpackLimitError) return tooLargeRecords(batch, from, budget.records)
    throw error
  }
  budget.bytes -= unpacked.length
  return readRecords(batch, unpacked, from, budget.records)
}

/**
 * Records in place of those of a batch that unpacks to more than is allowed: one for each, the last one at the batch's last
 * offset. Kafka itself has no such limit, and without one 1 MB from a stranger takes the process.
 */
function tooLargeRecords(batch: RecordBatch, from: number, countMax: number): KafkaMessage[] {
  const { firstOffset, lastOffset, recordCount, baseTimestamp, appendTime } = batch
  const timestamp = appendTime ?? String(baseTimestamp)
  const messages: KafkaMessage[] = []
  for (let index = 0; index < recordCount && messages.length < countMax; index += 1) {
    const offset = index === recordCount - 1 ? lastOffset : firstOffset + index
    if (offset >= from) messages.push({ offset: String(offset), timestamp, key: null, value: null, isTooLarge: true })
  }
  return messages
}

/** As kafkajs needs them: with a last one, marked as a control record, where reading came further than the records. */
function marked(messages: readonly KafkaMessage[], from: number, readTo: number): FetchedMessage[] {
  const all = messages.map((message) => Object.assign(message, { isControlRecord: false }))
  const next = Number(messages.at(-1)?.offset ?? from - 1) + 1
  if (readTo <= next) return all
  return [...all, { offset: String(readTo - 1), timestamp: '-1', key: null, value: null, isControlRecord: true }]
}
