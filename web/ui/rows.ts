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

/** The event of the focused row, by its place in the store; null when no such row is focused. */
export function focusedSeq(): number | null {
  const seq = document.activeElement?.closest<HTMLElement>('tr[data-seq]')?.dataset.seq
  return seq === undefined ? null : Number(seq)
}

/** The dead letter of the focused row; null when no such row is focused. */
export function focusedLetter(): string | null {
  return document.activeElement?.closest<HTMLElement>('[data-row][data-id]')?.dataset.id ?? null
}

/** Returns the focus to the row of an event that is still drawn. */
export function focusRow(seq: number): void {
  document.querySelector<HTMLElement>(`tr[data-seq="${seq}"]`)?.focus()
}
