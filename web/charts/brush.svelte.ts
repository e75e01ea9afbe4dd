// Choosing a stretch of a chart by dragging over it, or by Shift and the arrow keys.

export interface Stretch {
  /** Pixels from the left, in the order they were chosen. */
  start: number
  end: number
}

/** Less is a click that shook. */
const pixelsMin = 6

/** @param onchoose told the two ends, the smaller first, once the stretch is chosen */
export function brush(onchoose: (start: number, end: number) => void) {
  let stretch = $state.raw<Stretch | null>(null)
  function finish() {
    const chosen = stretch
    stretch = null
    if (chosen === null || Math.abs(chosen.end - chosen.start) < pixelsMin) return
    onchoose(Math.min(chosen.start, chosen.end), Math.max(chosen.start, chosen.end))
  }
  return {
    get stretch() {
      return stretch
    },
    /** Begins at `x`, or goes on to there. */
    reach(x: number) {
      stretch = { start: stretch?.start ?? x, end: x }
    },
    finish,
    cancel() {
      stretch = null
    },
  }
}
