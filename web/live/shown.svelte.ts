// What is drawn of what is known: each part as often as drawing it is worth.
import { type Board, emptyBoard } from './board.ts'
import { emptyFeed, type Feed } from './feed.ts'

/**
 * The feed is the costly part: at 1,000 events/s every row of it is another one each time. Ten times a second is faster
 * than anyone reads, and a single event is still drawn in the frame it comes in.
 */
const feedMsMin = 100

export type Shown = ReturnType<typeof showBoard>

/** Begins with nothing to show. `close` gives up the frame that may be waiting. */
export function showBoard() {
  let latest = emptyBoard
  let board = $state.raw(emptyBoard)
  let slowBoard = $state.raw(emptyBoard)
  let feed: Feed = $state.raw(emptyFeed)
  let feedAt = Number.NEGATIVE_INFINITY
  let frame = 0
  let feedTimer: ReturnType<typeof setTimeout> | undefined

  function paint() {
    frame = 0
    board = latest
    if (feed === latest.feed) return
    const dueMs = feedAt + feedMsMin - performance.now()
    if (dueMs <= 0) paintFeed()
    else feedTimer ??= setTimeout(paintFeed, dueMs)
  }

  function paintFeed() {
    clearTimeout(feedTimer)
    feedTimer = undefined
    feed = latest.feed
    feedAt = performance.now()
  }

  return {
    /** By the animation frame. */
    get board() {
      return board
    },
    /** The same, four times a second: for charts and tables, which are costly to draw. */
    get slowBoard() {
      return slowBoard
    },
    /** The rows of the same, ten times a second. */
    get feed() {
      return feed
    },
    /** All that is known, drawn or not. */
    latest: () => latest,
    update(change: (board: Board) => Board) {
      latest = change(latest)
      // A hidden page gets no animation frames; what it shows is its title.
      if (document.hidden) board = latest
      else frame ||= requestAnimationFrame(paint)
    },
    /** Call four times a second. */
    tick() {
      slowBoard = latest
    },
    close() {
      cancelAnimationFrame(frame)
      clearTimeout(feedTimer)
    },
  }
}
