// The page's one line to the server: opens streams, folds what they say, and shows it by the animation frame.
import {
  ApiError,
  getDeadLetters,
  getEvents,
  getLocalStatus,
  getSummary,
  type LocalStatus,
  openLive,
  parseFrame,
} from '../api.ts'
import { type Board, emptyBoard, foldFrame, type Heard, withDeadLetters, withEvents, withSummary } from './board.ts'
import { type Failure, type Input, start, step } from './connection.ts'
import { rowsShownMax } from './feed.ts'
import { readServerSent } from './server-sent.ts'

/** Clocks, ages, charts and tables move this often; rows and numbers by the frame. */
const tickMs = 250
const localStatusMs = 2_000
const deadLettersFirst = 20

export type LiveView = ReturnType<typeof openLiveView>

/** Opens the line. Call once; `close` gives up everything it holds. */
export function openLiveView() {
  const near = ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname)
  const first = start(Date.now(), !document.hidden, near)
  let connection = $state.raw(first.next)
  let board = $state.raw(emptyBoard)
  let slowBoard = $state.raw(emptyBoard)
  let now = $state(Date.now())
  let local = $state.raw<Heard<LocalStatus> | null>(null)

  let latest: Board = emptyBoard
  let loaded = false
  let localAskedAt = 0
  let localAbsent = false
  let frame = 0
  let current = new AbortController()

  function dispatch(input: Input) {
    const { next, actions } = step(connection, input, Date.now(), Math.random())
    connection = next
    for (const action of actions) {
      current.abort()
      current = new AbortController()
      if (action === 'open') void converse(current.signal)
    }
  }

  function update(change: (board: Board, at: number) => Board) {
    latest = change(latest, Date.now())
    // A hidden page gets no animation frames; what it shows is its title.
    if (document.hidden) board = latest
    else frame ||= requestAnimationFrame(paint)
  }

  function paint() {
    frame = 0
    board = latest
  }

  async function converse(signal: AbortSignal) {
    try {
      if (!loaded) await loadFirst()
      const response = await openLive(latest.cursor, connection.visible, signal)
      if (response.headers.get('content-type')?.includes('json')) {
        takeFrame(await response.text())
        dispatch({ kind: 'answered' })
        return
      }
      dispatch({ kind: 'heard' })
      if (response.body)
        await readServerSent(response.body, () => !signal.aborted && dispatch({ kind: 'heard' }), takeFrame)
      if (!signal.aborted) dispatch({ kind: 'ended' })
    } catch (error) {
      if (!signal.aborted) dispatch({ kind: 'failed', failure: failureOf(error) })
    }
  }

  /** What stands before the stream begins. The events' cursor is where it does; the numbers are asked for beside them. */
  async function loadFirst() {
    void load(getSummary(), (summary) => update((board, at) => withSummary(board, summary, at)))
    const letters = getDeadLetters(deadLettersFirst)
    const page = await getEvents(rowsShownMax)
    update((board) => ({ ...withEvents(board, page.events, 0), cursor: page.cursor }))
    loaded = true
    void load(letters, ({ deadLetters }) => update((board) => withDeadLetters(board, deadLetters)))
  }

  function takeFrame(data: string) {
    const frame = parseFrame(data)
    update((board, at) => foldFrame(board, frame, at))
    // Another store, or one that has forgotten what we saw: the first page is asked for again.
    if (frame.messages.some(({ type }) => type === 'gap')) {
      void load(getEvents(rowsShownMax), ({ events }) => update((board) => withEvents(board, events, 0)))
      void load(getDeadLetters(deadLettersFirst), ({ deadLetters }) =>
        update((board) => withDeadLetters(board, deadLetters)),
      )
    }
  }

  async function askLocal() {
    localAskedAt = Date.now()
    await load(getLocalStatus(), (status) => {
      localAbsent = status === null
      local = status && { value: status, at: Date.now() }
    })
  }

  function tick() {
    now = Date.now()
    slowBoard = latest
    if (now >= connection.deadline) dispatch({ kind: 'tick' })
    const heard = connection.lostAt === null && connection.heardAt !== null
    if (heard && !localAbsent && !document.hidden && now - localAskedAt >= localStatusMs) void askLocal()
  }

  const onVisibility = () => dispatch({ kind: document.hidden ? 'hidden' : 'shown' })
  const onOnline = () => dispatch({ kind: 'try-now' })
  document.addEventListener('visibilitychange', onVisibility)
  window.addEventListener('online', onOnline)
  const ticker = setInterval(tick, tickMs)
  void converse(current.signal)

  return {
    /** By the animation frame. */
    get board() {
      return board
    },
    /** The same, at most four times a second: for charts and tables, which are costly to draw. */
    get slowBoard() {
      return slowBoard
    },
    get connection() {
      return connection
    },
    /** The page's clock, ms, four times a second. */
    get now() {
      return now
    },
    /** null where there is no local stage. */
    get local() {
      return local
    },
    tryNow: () => dispatch({ kind: 'try-now' }),
    askLocal,
    close() {
      clearInterval(ticker)
      cancelAnimationFrame(frame)
      document.removeEventListener('visibilitychange', onVisibility)
      window.removeEventListener('online', onOnline)
      current.abort()
    },
  }
}

/** A question beside the stream: its failure is the stream's to notice, and what is shown stays, with its age. */
async function load<T>(answer: Promise<T>, take: (value: T) => void): Promise<void> {
  try {
    take(await answer)
  } catch {
    // Said by the connection band and by the age of the panel.
  }
}

function failureOf(error: unknown): Failure {
  // What fetch and streams throw; anything else is a bug of ours, and must not hide behind "no connection".
  if (!(error instanceof ApiError || error instanceof TypeError || error instanceof DOMException)) reportError(error)
  if (!(error instanceof ApiError)) return 'network'
  return error.status === 503 || error.code?.startsWith('STORE_') ? 'store' : 'server'
}
