// Moves the focus from row to row, wherever rows are: j and k.

const rowSelector = 'tr[tabindex], [data-row]'

/** Focuses the row after or before the focused one; without one, the first row of the page's main part. */
export function moveRow(by: 1 | -1): void {
  const current = document.activeElement?.closest<HTMLElement>(rowSelector) ?? null
  if (current === null) {
    document.querySelector<HTMLElement>(`main :is(${rowSelector})`)?.focus()
    return
  }
  const sibling = by === 1 ? current.nextElementSibling : current.previousElementSibling
  if (sibling instanceof HTMLElement && sibling.matches(rowSelector)) sibling.focus()
}
