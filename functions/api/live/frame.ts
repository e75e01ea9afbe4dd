// One frame of the live stream: what happened since a cursor, in one message format for SSE and for polls.
import type { Change, Store } from '../../store/store.ts'
import type { ApiParts } from '../parts.ts'
import type { Readings } from '../readings/readings.ts'
import { eventRow, liveDeadLetter } from '../rows.ts'
import type { Live, LiveMessage } from '../schemas.ts'

/** A page paints no more in a frame; the rest is counted as skipped and stays reachable by paging back. */
const rowsPerFrameMax = 50
/** Beside them: a flood of events must not hide what was put aside among them. */
const deadLettersPerFrameMax = 20
/** Extra fields of events are unbounded by themselves; a frame is not. */
const extraCharactersMax = 256_000
/** What the page's chart shows at first. */
const chartSeconds = 300

export type FrameParts = Pick<ApiParts, 'group' | 'now'> & {
  store: Pick<Store, 'changesSince' | 'head' | 'events' | 'deadLetters'>
  readings: Pick<Readings, 'summary' | 'lag' | 'throughput'>
}

/** What was committed after `cursor`. A cursor that the store never gave begins anew at the head, and says so. */
export async function changesFrame(parts: FrameParts, cursor: number): Promise<Live> {
  const change = await parts.store.changesSince({ group: parts.group, cursor, limit: rowsPerFrameMax })
  if (cursor > change.head) {
    const gap: LiveMessage = { type: 'gap', from: String(cursor), to: String(change.head) }
    return { cursor: String(change.head), now: parts.now(), skipped: 0, messages: [gap] }
  }
  const { messages, skipped } = rowMessages(change)
  return { cursor: String(change.head), now: parts.now(), skipped, messages }
}

/** Everything a page needs at once: what it missed, and all numbers. Without a cursor it missed nothing. */
export async function wholeFrame(parts: FrameParts, cursor: number | undefined): Promise<Live> {
  const from = cursor ?? (await parts.store.head(parts.group))
  const changes = await changesFrame(parts, from)
  const gap = changes.skipped > 0 ? await gapAfter(parts, from) : []
  const second = Math.floor(parts.now() / 1000)
  const measures = await measureMessages(parts, second + 1 - chartSeconds)
  return { ...changes, messages: [...gap, ...changes.messages, ...measures] }
}

/** Numbers have no gaps, so where the next kept row is not the next number, what lies between is not kept any more. */
async function gapAfter({ store, group }: FrameParts, cursor: number): Promise<LiveMessage[]> {
  const [event] = await store.events({ group, after: cursor, limit: 1 })
  const [deadLetter] = await store.deadLetters({ group, after: cursor, limit: 1 })
  const next = Math.min(event?.seq ?? Infinity, deadLetter?.seq ?? Infinity)
  const isKept = next === cursor + 1 || next === Infinity
  return isKept ? [] : [{ type: 'gap', from: String(cursor), to: String(next - 1) }]
}

/** Summary, lag and the throughput from `sinceSecond` up to the running second. */
export async function measureMessages({ readings, now }: FrameParts, sinceSecond: number): Promise<LiveMessage[]> {
  const summary = await readings.summary()
  const lag = await readings.lag()
  const buckets = await readings.throughput(sinceSecond, Math.floor(now() / 1000) + 1)
  return [
    { type: 'summary', summary },
    { type: 'lag', lag },
    { type: 'throughput', buckets },
  ]
}

/** Rows in the order of their commits; where there are too many, the newest of each kind. */
function rowMessages(change: Change): { messages: LiveMessage[]; skipped: number } {
  const newestFirst = (a: { seq: number }, b: { seq: number }) => b.seq - a.seq
  const rows: { seq: number; message: LiveMessage }[] = [...change.deadLetters]
    .sort(newestFirst)
    .slice(0, deadLettersPerFrameMax)
    .map((letter) => ({ seq: letter.seq, message: { type: 'dead-letter', deadLetter: liveDeadLetter(letter) } }))
  let characters = 0
  for (const event of [...change.events].sort(newestFirst).slice(0, rowsPerFrameMax)) {
    const message: LiveMessage = { type: 'event', event: eventRow(event) }
    characters += extraLength(message)
    if (characters > extraCharactersMax) break
    rows.push({ seq: event.seq, message })
  }
  const all = change.events.length + change.deadLetters.length
  const messages = rows.sort((a, b) => a.seq - b.seq).map(({ message }) => message)
  return { messages, skipped: change.skipped + all - messages.length }
}

function extraLength(message: LiveMessage): number {
  if (message.type !== 'event' || message.event.extra === null) return 0
  return JSON.stringify(message.event.extra).length
}
