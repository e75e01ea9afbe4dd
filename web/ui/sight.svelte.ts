// Which rows of a table can be seen: inside the window, and inside what scrolls them.

export interface Sight {
  /** By the row's index in its table body. Reactive: what reads it runs again when it changes. */
  has(index: number): boolean
  /** Looks anew. It asks for the layout, so the time for it is after a change was drawn, and on scrolling. */
  look(scroller: Element): void
}

/** One row more at either end, so that scrolling by a line shows no row that still has to be filled. */
const spareRows = 1

/** Rows are taken to be equally high: one is measured, which costs less each frame than an observer of all. */
export function rowsInSight(): Sight {
  let first = $state(0)
  let end = $state(0)
  return {
    has: (index) => index >= first && index < end,
    look(scroller) {
      const row = scroller.querySelector('tbody > tr')?.getBoundingClientRect()
      const frame = scroller.getBoundingClientRect()
      if (!row || row.height === 0) return
      const rowAt = (y: number) => (y - row.top) / row.height
      first = Math.floor(rowAt(Math.max(0, frame.top))) - spareRows
      end = Math.ceil(rowAt(Math.min(window.innerHeight, frame.bottom))) + spareRows
    },
  }
}
