// The address holds the view, so that a link shows another person the same: range, filter, and the row that is open.
import type { Filter } from '../live/feed.ts'
import { type Range, ranges } from './ranges.ts'

export interface View extends Filter {
  range: Range
  /** The seq of the row whose details are open. */
  row: number | null
  /** The workbench of dead letters: 'all', or the id of the one that is open there; '' is closed. */
  letters: string
}

export const plainView: View = { range: '5m', type: '', region: '', user: '', row: null, letters: '' }

/** A link may come from anyone: what is not understood is left out, and text is cut. */
const textCharsMax = 200

/** @param search as `location.search` gives it */
export function readAddress(search: string): View {
  const query = new URLSearchParams(search)
  const text = (name: string) => (query.get(name) ?? '').slice(0, textCharsMax)
  const row = Number(query.get('row'))
  return {
    range: ranges.find((range) => range === query.get('range')) ?? plainView.range,
    type: text('type'),
    region: text('region'),
    user: text('user'),
    letters: /^(all|\d{1,15})$/.exec(text('letters'))?.[1] ?? '',
    row: Number.isSafeInteger(row) && row > 0 ? row : null,
  }
}

/** Empty for the plain view: what everyone sees needs no words. */
export function writeAddress(view: View): string {
  const query = new URLSearchParams()
  for (const name of ['range', 'type', 'region', 'user', 'row', 'letters'] as const) {
    if (view[name] !== plainView[name]) query.set(name, String(view[name]))
  }
  return query.size === 0 ? '' : `?${query}`
}
