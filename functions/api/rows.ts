// The store's rows as the API shows them.
import type { Account, Explanation, StoredDeadLetter, StoredEvent } from '../store/store.ts'
import type { AccountRow, DeadLetterRow, EventRow, LiveDeadLetter } from './schemas.ts'

const textLengthMax = 2000
/** Four bytes are the longest character of UTF-8. */
const textBytesMax = textLengthMax * 4

export function eventRow(event: StoredEvent): EventRow {
  return event
}

export function deadLetterRow(letter: StoredDeadLetter): DeadLetterRow {
  const { state, attempts } = letter
  return { ...liveDeadLetter(letter), key: base64(letter.key), raw: base64(letter.value), state, attempts }
}

export function liveDeadLetter(letter: StoredDeadLetter): LiveDeadLetter {
  return {
    id: letter.seq,
    code: letter.code,
    reason: letter.reason,
    topic: letter.topic,
    partition: letter.partition,
    offset: letter.offset,
    record_ms: letter.record_ms,
    arrived_at: new Date(letter.arrived_ms).toISOString(),
    text: letter.value && readable(letter.value),
  }
}

/** `explanations` are this account's own. */
export function accountRow(account: Account, unseen: number, explanations: Explanation[]): AccountRow {
  const { rangesAbove: _, isFiltered: __, ...counters } = account
  const explained: Record<string, number> = {}
  for (const { reason, from, to } of explanations) explained[reason] = (explained[reason] ?? 0) + to - from
  return { ...counters, unseen, explained }
}

/** The beginning of the bytes as text; what is not UTF-8 shows as U+FFFD. */
function readable(value: Uint8Array): string {
  return bufferOf(value.subarray(0, textBytesMax)).toString('utf8').slice(0, textLengthMax).toWellFormed()
}

function base64(value: Uint8Array | null): string | null {
  return value && bufferOf(value).toString('base64')
}

/** A view, not a copy: adapters may answer any Uint8Array. */
function bufferOf(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}
