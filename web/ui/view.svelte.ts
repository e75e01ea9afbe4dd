// What the reader looks at now; the address follows it.
import { readAddress, type View, writeAddress } from './address.ts'

export const view: View = $state(readAddress(location.search))

/** Changes the view. The address is replaced, not added to: going back leaves the page, as a reader expects. */
export function show(change: Partial<View>): void {
  Object.assign(view, change)
  history.replaceState(null, '', `${location.pathname}${writeAddress(view)}`)
}
