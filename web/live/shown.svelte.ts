// What is drawn of what is known: how far we are by the frame, everything else in beats.
import { type Board, emptyBoard } from './board.ts'
import { emptyFeed, type Feed } from './feed.ts'
import { paced } from './paced.ts'

/** Between two beats, while one can follow the rows; and once each beat brings this many others, which nobody can. */
const beatMs = 100
const floodBeatMs = 500
const floodRows = 25
/** Without any word, ages are shown anew this often. */
const silenceMs = 240
/** Charts show whole seconds. */
const chartMs = 1_000

export type Shown = ReturnType<typeof showBoard>

/**
 * Begins with nothing to show. What comes after a pause is drawn in the frame it comes in. All parts beat together: a
 * frame of the browser costs about as much for one changed number as for all of them. `close` gives up what waits.
 */
export function showBoard() {
  let latest = emptyBoard
  let cursor = $state(emptyBoard.cursor)
  let now = $state(Date.now())
  let board = $state.raw(emptyBoard)
  let feed: Feed = $state.raw(emptyFeed)
  let chartBoard = $state.raw(emptyBoard)
  let chartsAt = Number.NEGATIVE_INFINITY
  let frame = 0

  const beat = paced(() => {
    const { arrived } = feed
    now = Date.now()
    board = latest
    feed = latest.feed
    if (now - chartsAt >= chartMs) {
      chartBoard = latest
      chartsAt = now
    }
    return feed.arrived - arrived >= floodRows ? floodBeatMs : beatMs
  })

  function paint() {
    frame = 0
    cursor = latest.cursor
    beat.want()
  }

  return {
    /** How far the page has come in the store's sequence: by the animation frame. */
    get cursor() {
      return cursor
    },
    /** The page's clock, ms. */
    get now() {
      return now
    },
    /** Numbers and tables. */
    get board() {
      return board
    },
    /** Its rows; the same object while no row came. */
    get feed() {
      return feed
    },
    /** For charts, once a second. */
    get chartBoard() {
      return chartBoard
    },
    /** All that is known, drawn or not. */
    latest: () => latest,
    update(change: (board: Board) => Board) {
      latest = change(latest)
      // A hidden page gets no animation frames; what it shows is its title.
      if (document.hidden) beat.want()
      else frame ||= requestAnimationFrame(paint)
    },
    /** Call a few times a second: ages grow in silence. */
    tick() {
      if (Date.now() - now >= silenceMs) beat.want()
    },
    close() {
      cancelAnimationFrame(frame)
      beat.stop()
    },
  }
}
