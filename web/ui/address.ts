// The address holds the view, so that a link shows another person the same: range, filter, and the row that is open.
import type { Filter } from '../live/feed.ts'
import { type Range, ranges } from './ranges.ts'

export interface View extends Filter {
  range: Range
  /** The stretch of time that was chosen on the chart, ms; 0: none. */
  from: number
  to: number
  /** The seq of the row whose details are open. */
  row: number | null
  /** The workbench of dead letters: 'all', or the id of the one that is open there; '' is closed. */
  letters: string
}

export const plainView: View = { range: '5m', from: 0, to: 0, type: '', region: '', user: '', row: null, letters: '' }

/** A link may come from anyone: what is not understood is left out, and text is cut. */
const textCharsMax = 200

/** @param search as `location.search` gives it */
export function readAddress(search: string): View {
  const query = new URLSearchParams(search)
  const text = (name: string) => (query.get(name) ?? '').slice(0, textCharsMax)
  const number = (name: string) => {
    const value = Number(query.get(name))
    return Number.isSafeInteger(value) && value > 0 ? value : 0
  }
  const isStretch = number('from') < number('to')
  return {
    from: isStretch ? number('from') : 0,
    to: isStretch ? number('to') : 0,
    range: ranges.find((range) => range === query.get('range')) ?? plainView.range,
    type: text('type'),
    region: text('region'),
    user: text('user'),
    letters: /^(all|\d{1,15})$/.exec(text('letters'))?.[1] ?? '',
    row: number('row') || null,
  }
}

/** Empty for the plain view: what everyone sees needs no words. */
export function writeAddress(view: View): string {
  const query = new URLSearchParams()
  for (const name of ['range', 'from', 'to', 'type', 'region', 'user', 'row', 'letters'] as const) {
    if (view[name] !== plainView[name]) query.set(name, String(view[name]))
  }
  return query.size === 0 ? '' : `?${query}`
}
