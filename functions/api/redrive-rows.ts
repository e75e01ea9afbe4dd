// Dead letters as work, as the API shows them, and a plan in words.
import type { DeadLetterChoice } from '../redrive/choose.ts'
import { eventIdOf, type Plan, type Refusal } from '../redrive/plan.ts'
import {
  type Attempt,
  attemptsMax,
  type DeadLetterCase,
  type DeadLetterGroup,
  type Redrive,
} from '../store/redrives.ts'
import { groupBy } from './group-by.ts'
import { deadLetterRow } from './rows.ts'
import type {
  AttemptRow,
  DeadLetterCaseRow,
  DeadLetterGroupRow,
  RedrivePlanRow,
  RedriveRow,
} from './schemas/redrives.ts'

const idsShownMax = 20
const reasonsShownMax = 3
/** A value is a megabyte at most, and half of an answer of Lambda's is its base64. */
const textLengthMax = 2_000_000

const time = (ms: number) => new Date(ms).toISOString()
const timeOrNull = (ms: number | null) => (ms === null ? null : time(ms))

export function deadLetterGroupRow({ newest, ...counts }: DeadLetterGroup): DeadLetterGroupRow {
  if (newest === null) return { ...counts, newest }
  return { ...counts, newest: { id: newest.seq, reason: newest.reason, arrived_at: time(newest.arrivedMs) } }
}

export function deadLetterCaseRow(letter: DeadLetterCase): DeadLetterCaseRow {
  const value = letter.value && Buffer.from(letter.value)
  const text = value?.toString('utf8').slice(0, textLengthMax).toWellFormed() ?? null
  return {
    ...deadLetterRow(letter),
    text,
    is_utf8: value === null || Buffer.from(text ?? '').equals(value),
    event_id: eventIdOf(value),
    settled_at: timeOrNull(letter.settledMs),
    settled_by: letter.settledBy,
    settled_why: letter.settledWhy,
    in_flight: letter.inFlight,
    attempts_left: Math.max(0, attemptsMax - letter.attempts),
    trail: letter.trail.map(attemptRow),
  }
}

export function attemptRow({ number, redriveId, by, issuedMs, settledMs, result, code, reason }: Attempt): AttemptRow {
  const times = { issued_at: time(issuedMs), settled_at: timeOrNull(settledMs) }
  return { number, redrive: redriveId, by, ...times, result, code, reason }
}

export function redriveRow({ requestedMs, finishedMs, cancelledBy, inFlight, ...row }: Redrive): RedriveRow {
  const sent = inFlight + row.stored + row.duplicate + row.noise + row.failed
  const times = { requested_at: time(requestedMs), finished_at: timeOrNull(finishedMs) }
  return { ...row, sent, ...times, cancelled_by: cancelledBy }
}

export function planRow({ items: _, refusals, ...counts }: Plan): RedrivePlanRow {
  const reasons = [...groupBy(refusals, ({ code, reason }) => `${code} ${reason}`).values()]
    .sort((a, b) => b.length - a.length)
    .map((same) => ({
      code: (same[0] as Refusal).code,
      reason: (same[0] as Refusal).reason,
      count: same.length,
      ids: same.slice(0, idsShownMax).map(({ seq }) => seq),
    }))
  return { ...counts, refused: refusals.length, reasons: reasons.slice(0, 100), sentence: sentenceOf(counts, reasons) }
}

const notFailures = ['EVENT_ID_CHANGED', 'ATTEMPTS_USED', 'IN_FLIGHT', 'NOT_OPEN', 'UNKNOWN']

/** 12 records, 3 would fail again: missing: amount */
function sentenceOf(
  { records, known, noise, left }: Pick<Plan, 'records' | 'known' | 'noise' | 'left'>,
  reasons: RedrivePlanRow['reasons'],
): string {
  const told = (text: string, some: RedrivePlanRow['reasons']) => {
    const count = some.reduce((sum, reason) => sum + reason.count, 0)
    const why = some.slice(0, reasonsShownMax).map(({ reason }) => reason)
    return count === 0 ? [] : [`${count} ${text}: ${why.join('; ')}${some.length > why.length ? '; ...' : ''}`]
  }
  return [
    `${records} ${records === 1 ? 'record' : 'records'}`,
    ...told(
      'would fail again',
      reasons.filter(({ code }) => !notFailures.includes(code)),
    ),
    ...told(
      'may not be sent',
      reasons.filter(({ code }) => notFailures.includes(code)),
    ),
    ...(known > 0 ? [`${known} ${known === 1 ? 'is' : 'are'} stored already`] : []),
    ...(noise > 0 ? [`${noise} ${noise === 1 ? 'is' : 'are'} noise`] : []),
    ...(left > 0 ? [`${left} more are left for another time`] : []),
  ].join(', ')
}

export function choiceInWords(choice: DeadLetterChoice, records: number): string {
  if (choice === 'all') return 'all open ones'
  if ('code' in choice) return `all open ones with ${choice.code}`
  return records === 1 ? `dead letter ${choice.seqs[0]}` : `${records} chosen ones`
}
