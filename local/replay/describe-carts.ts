// The words of a rebuild of the second consumer's state.
import type { Incident } from '../../functions/retail/abandonment/region.ts'
import type { RemadeState } from '../../functions/store/abandonment-rebuild.ts'
import type { CartsRebuilt } from './rebuild-carts.ts'

const count = (value: number) => value.toLocaleString('en')
const time = (ms: number) => new Date(ms).toISOString()

const differencesShown = 20

/** What came of it, in lines. */
export function describeCarts({ records, added, erased, unknown, unmade, served }: CartsRebuilt): string[] {
  const { incidents, kept, keptBeforeMs, differing, differences } = served
  const told = (some: number, text: string) => (some > 0 ? [`  ${count(some)} ${text}`] : [])
  const counters = changedCounters(served)
  return [
    `${count(added)} events are counted anew; ${count(records)} records were read`,
    ...told(erased, 'of users who were erased since are left out'),
    ...told(unknown, 'would be events by now, and are not stored: a replay is for them'),
    `${count(incidents)} incidents serve now`,
    ...(keptBeforeMs === null
      ? []
      : [
          `  ${count(kept)} of them from before ${time(keptBeforeMs)} as they were found: the topic holds too little of it`,
        ]),
    ...(differing + counters.length + unmade === 0 ? ['nothing differs'] : []),
    ...(differing === 0 ? [] : [`${count(differing)} incidents came out otherwise:`]),
    ...differences.slice(0, differencesShown).map(describeDifference),
    ...(differing > differencesShown ? ['  ...'] : []),
    ...counters,
    ...told(unmade, 'offers would have been made; the past is over, and none is made now'),
  ]
}

function describeDifference({ before, after }: RemadeState['differences'][number]): string {
  if (before === null) return `  ${after?.id} is new: ${summaryOf(after)}`
  if (after === null) return `  ${before.id} is gone: ${summaryOf(before)}`
  return `  ${after.id}: ${summaryOf(before)} -> ${summaryOf(after)}`
}

function summaryOf(incident: Incident | null): string {
  if (incident === null) return ''
  const { closedMs, abandoned, peakRate } = incident
  const end = closedMs === null ? 'goes on' : `until ${time(closedMs)}`
  return `${end}, ${count(abandoned)} abandoned, at most ${Math.round(peakRate * 100)} %`
}

function changedCounters({ counters: { before, after } }: RemadeState): string[] {
  return (['decided', 'abandoned', 'late', 'shoppers'] as const)
    .filter((name) => before[name] !== after[name])
    .map(
      (name) => `  ${name === 'shoppers' ? 'undecided users' : name}: ${count(before[name])} -> ${count(after[name])}`,
    )
}
