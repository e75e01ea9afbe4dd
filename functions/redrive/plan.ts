// The dry run of a redrive: what would become of each chosen dead letter, by the consumer's own rules. Nothing is changed.
import { PipelineError } from '../errors.ts'
import type { Classify } from '../events/classify.ts'
import type { RejectionCode } from '../events/rejection.ts'
import { decodeText } from '../lambda/decode.ts'
import { attemptsMax, type Candidate, type NewRedrive, type Redrives } from '../store/redrives.ts'
import { chosen, type DeadLetterChoice } from './choose.ts'

export interface PlanParts {
  redrives: Pick<Redrives, 'groups' | 'select' | 'compareIds'>
  group: string
  classify: Classify
  /** ms */
  now(): number
}

export interface PlanRequest {
  choice: DeadLetterChoice
  /** Other values, by the dead letter's number. */
  fixes: ReadonlyMap<number, string>
}

/** Why a record is left out: it would fail again, or may not be sent. */
export type RefusalCode = RejectionCode | 'EVENT_ID_CHANGED' | 'ATTEMPTS_USED' | 'IN_FLIGHT' | 'NOT_OPEN' | 'UNKNOWN'

export interface Refusal {
  seq: number
  code: RefusalCode
  reason: string
}

export interface Plan {
  /** What a redrive would send. */
  items: NewRedrive['items']
  /** How many were looked at, and what would become of them. */
  records: number
  ready: number
  known: number
  noise: number
  refusals: Refusal[]
  /** Open ones beyond what one redrive takes. */
  left: number
}

/**
 * Judges every chosen dead letter as the consumer would if its record came now.
 *
 * @throws PipelineError BODY_INVALID when a fix speaks of a dead letter that was not chosen; STORE_* of the store
 */
export async function planRedrive({ choice, fixes }: PlanRequest, parts: PlanParts): Promise<Plan> {
  const plan: Plan = { items: [], records: 0, ready: 0, known: 0, noise: 0, refusals: [], left: 0 }
  // Ids that records of this very plan would bring, with their content.
  const claimed = new Map<string, Buffer>()
  const unused = new Set(fixes.keys())
  for await (const { letters, missing, left } of chosen(choice, parts)) {
    plan.left += left
    plan.records += letters.length + missing.length
    plan.refusals.push(...missing.map((seq) => refusal(seq, 'UNKNOWN', 'there is no such dead letter')))
    const judged = letters.map((letter) => {
      unused.delete(letter.seq)
      return judge(letter, fixes.get(letter.seq), parts)
    })
    await settle(judged, plan, claimed, parts)
  }
  if (unused.size === 0) return plan
  const named = [...unused].slice(0, 5).join(', ')
  throw new PipelineError('BODY_INVALID', `fixes speak of dead letters that were not chosen: ${named}`, {
    hint: 'Choose them as well.',
  })
}

type Judged =
  | { seq: number; value: Buffer | null; verdict: 'noise' }
  | { seq: number; value: Buffer | null; verdict: 'event'; eventId: string; contentHash: Buffer }
  | { seq: number; verdict: 'refused'; refusal: Refusal }

function judge(letter: Candidate, fix: string | undefined, { classify, now }: PlanParts): Judged {
  const { seq } = letter
  const refused = (code: RefusalCode, reason: string): Judged => {
    return { seq, verdict: 'refused', refusal: refusal(seq, code, reason) }
  }
  if (letter.state !== 'open') return refused('NOT_OPEN', `it is ${letter.state}`)
  if (letter.inFlight) return refused('IN_FLIGHT', 'its record was sent and has not come back yet')
  if (letter.attempts >= attemptsMax) return refused('ATTEMPTS_USED', `all ${attemptsMax} attempts were made`)
  const value = fix === undefined ? null : Buffer.from(fix)
  const own = letter.value && Buffer.from(letter.value)
  if (fix !== undefined) {
    const [before, after] = [eventIdOf(own), eventIdOf(value)]
    if (before !== null && before !== after) {
      return refused('EVENT_ID_CHANGED', `a fix may not change the event_id: expected ${before}`)
    }
  }
  const nowMs = now()
  const classified = classify({ ...decodeText(value ?? own), recordMs: nowMs }, nowMs)
  if (classified.kind === 'dead-letter') return refused(classified.code, classified.reason)
  if (classified.kind === 'noise') return { seq, value, verdict: 'noise' }
  const { event, contentHash } = classified
  return { seq, value, verdict: 'event', eventId: event.event_id, contentHash }
}

/** Compares the events' ids with the store and with those before them, and adds all of it to the plan. */
async function settle(judged: Judged[], plan: Plan, claimed: Map<string, Buffer>, parts: PlanParts): Promise<void> {
  const events = judged.filter((one) => one.verdict === 'event')
  const compared = await parts.redrives.compareIds({ group: parts.group, ids: events })
  const inStore = new Map(events.map(({ seq }, index) => [seq, compared[index]]))
  for (const one of judged) {
    if (one.verdict === 'refused') {
      plan.refusals.push(one.refusal)
      continue
    }
    if (one.verdict === 'event') {
      const before = claimed.get(one.eventId)
      const content = before ? (before.equals(one.contentHash) ? 'same' : 'other') : inStore.get(one.seq)
      if (content === 'other') {
        plan.refusals.push(refusal(one.seq, 'ID_CONFLICT', `event_id ${one.eventId} is stored with other content`))
        continue
      }
      claimed.set(one.eventId, one.contentHash)
      if (content === 'same') plan.known++
      else plan.ready++
    } else plan.noise++
    plan.items.push({ seq: one.seq, value: one.value })
  }
}

/** The id that a fix has to keep; null where none can be read. */
export function eventIdOf(value: Uint8Array | null): string | null {
  if (value === null) return null
  try {
    const id = (JSON.parse(Buffer.from(value).toString()) as { event_id?: unknown } | null)?.event_id
    return typeof id === 'string' ? id : null
  } catch {
    return null
  }
}

function refusal(seq: number, code: RefusalCode, reason: string): Refusal {
  return { seq, code, reason }
}
