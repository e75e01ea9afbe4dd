// Which rows of a table can be seen: inside the window, and inside what scrolls them.
import { SvelteSet } from 'svelte/reactivity'

export interface Sight {
  /** By the row's index in its table body. Reactive: what reads it runs again when it changes. */
  has(index: number): boolean
  /** An attachment for each row. */
  watch(row: HTMLTableRowElement): () => void
}

export function rowsInSight(): Sight {
  const seen = new SvelteSet<number>()
  const observer = new IntersectionObserver((changes) => {
    for (const { target, isIntersecting } of changes) {
      const index = (target as HTMLTableRowElement).sectionRowIndex
      if (isIntersecting) seen.add(index)
      else seen.delete(index)
    }
  })
  return {
    has: (index) => seen.has(index),
    watch(row) {
      observer.observe(row)
      return () => observer.unobserve(row)
    },
  }
}
