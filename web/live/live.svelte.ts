// The page's one line to the server: keeps it open, folds what it says, and asks beside it for what it does not say.
import { getDeadLetters, getEvents, getLocalStatus, getSummary, type LocalStatus, parseFrame } from '../api.ts'
import { foldFrame, type Heard, withDeadLetters, withEvents, withSummary } from './board.ts'
import { type Input, start, step } from './connection.ts'
import { converse, failureOf } from './converse.ts'
import { rowsHeldMax } from './feed.ts'
import { type Shown, showBoard } from './shown.svelte.ts'

/** Clocks and ages move at least this often. */
const tickMs = 250
const localStatusMs = 2_000
const deadLettersFirst = 20

export type LiveView = ReturnType<typeof openLiveView>

/** Opens the line. Call once; `close` gives up everything it holds. */
export function openLiveView() {
  const shown = showBoard()
  const local = watchLocal()
  const line = openLine(shown)

  const ticker = setInterval(() => {
    const now = Date.now()
    shown.tick()
    line.tick(now)
    const { lostAt, heardAt } = line.connection
    if (lostAt === null && heardAt !== null && !document.hidden) local.tick(now)
  }, tickMs)

  return {
    shown,
    get connection() {
      return line.connection
    },
    /** null where there is no local stage. */
    get local() {
      return local.status
    },
    tryNow: line.tryNow,
    askLocal: local.ask,
    close() {
      clearInterval(ticker)
      line.close()
      shown.close()
    },
  }
}

/** The connection's state machine with its effects: it opens and gives up conversations as the machine decides. */
function openLine(shown: Shown) {
  const near = ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname)
  let connection = start(Date.now(), !document.hidden, near).next
  let told = $state.raw(connection)
  let current = new AbortController()
  let loaded = false

  function dispatch(input: Input) {
    const { next, actions } = step(connection, input, Date.now(), Math.random())
    // Another sign of life moves nothing but an age, which is shown by the tick.
    const isNews = next.phase !== connection.phase || next.lostAt !== connection.lostAt
    connection = next
    if (isNews) told = next
    for (const action of actions) {
      current.abort()
      current = new AbortController()
      if (action === 'open') void talk(current.signal)
    }
  }

  async function talk(signal: AbortSignal) {
    try {
      if (!loaded) await loadFirst(shown)
      loaded = true
    } catch (error) {
      if (!signal.aborted) dispatch({ kind: 'failed', failure: failureOf(error) })
      return
    }
    if (signal.aborted) return
    const listener = { onFrame: (data: string) => takeFrame(shown, data), onInput: dispatch }
    await converse(shown.latest().cursor, connection.visible, signal, listener)
  }

  const tryNow = () => dispatch({ kind: 'try-now' })
  const onVisibility = () => dispatch({ kind: document.hidden ? 'hidden' : 'shown' })
  document.addEventListener('visibilitychange', onVisibility)
  window.addEventListener('online', tryNow)
  void talk(current.signal)

  return {
    get connection() {
      return told
    },
    tryNow,
    tick(now: number) {
      told = connection
      if (now >= connection.deadline) dispatch({ kind: 'tick' })
    },
    close() {
      document.removeEventListener('visibilitychange', onVisibility)
      window.removeEventListener('online', tryNow)
      current.abort()
    },
  }
}

/** Asks now and then for what only a local stage knows, until the answer is that there is none. */
function watchLocal() {
  let status = $state.raw<Heard<LocalStatus> | null>(null)
  let askedAt = 0
  let isAbsent = false

  async function ask() {
    askedAt = Date.now()
    await load(getLocalStatus(), (value) => {
      isAbsent = value === null
      status = value && { value, at: Date.now() }
    })
  }

  return {
    get status() {
      return status
    },
    ask,
    tick(now: number) {
      if (!isAbsent && now - askedAt >= localStatusMs) void ask()
    },
  }
}

/**
 * What stands before the stream begins: it goes on from the events' cursor, so the dead letters are read after the
 * events. One that is put aside while they are on their way would otherwise be in neither reading nor in the stream.
 */
async function loadFirst(shown: Shown): Promise<void> {
  void load(getSummary(), (summary) => shown.update((board) => withSummary(board, summary, Date.now())))
  const page = await getEvents(rowsHeldMax)
  shown.update((board) => ({ ...withEvents(board, page.events, 0), cursor: page.cursor }))
  await loadDeadLetters(shown)
}

async function loadDeadLetters(shown: Shown): Promise<void> {
  const { deadLetters } = await getDeadLetters(deadLettersFirst)
  shown.update((board) => withDeadLetters(board, deadLetters))
}

function takeFrame(shown: Shown, data: string): void {
  const frame = parseFrame(data)
  shown.update((board) => foldFrame(board, frame, Date.now()))
  // Another store, or one that has forgotten what we saw: the first page is asked for again.
  if (frame.messages.some(({ type }) => type === 'gap')) {
    void load(getEvents(rowsHeldMax), ({ events }) => shown.update((board) => withEvents(board, events, 0)))
    void loadDeadLetters(shown).catch(notedElsewhere)
  }
}

/** A question beside the stream: its failure is the stream's to notice, and what is shown stays, with its age. */
function load<T>(answer: Promise<T>, take: (value: T) => void): Promise<void> {
  return answer.then(take).catch(notedElsewhere)
}

/** Said by the connection band and by the age of the panel. */
const notedElsewhere = () => undefined
