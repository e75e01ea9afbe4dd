// The connection as a state machine: deciding only. What opens streams and sets timers is live.svelte.ts.
//
// EventSource is not used: it reconnects by itself without saying when, hides the status of a refusal, and never shows
// comments, so that a half-open connection cannot be told from a quiet one. A fetch of the same stream shows all three.

/** How long a connection may take to open. */
const openMsMax = 8_000
/** The server pings each 10 s; a stream that is silent for longer is dead, whatever the socket says. */
const silenceMsMax = 15_000
const backoffMsMin = 1_000
const backoffMsMax = 30_000
/** A server on this machine is restarted by whoever looks at the page, and spared nothing by our waiting. */
const nearBackoffMs = 500
/** A stream that lived at least this long ended in peace: the server ends streams now and then, to keep reconnects honest. */
const peacefulMsMin = 5_000
/** Between two polls: of a server that answers JSON instead of a stream, and of a hidden page. */
const pollMs = 2_000
const hiddenPollMs = 10_000

export type Phase =
  /** A stream or a poll is being opened. */
  | 'connecting'
  /** A stream delivers. */
  | 'live'
  /** The server answered in one piece; the next question comes at `deadline`. */
  | 'polling'
  /** The last attempt failed; the next comes at `deadline`. */
  | 'retrying'

export type Failure = 'network' | 'silent' | 'store' | 'server'

export interface Connection {
  phase: Phase
  /** A hidden page polls: browsers allow six streams per host, and background tabs must not hold them. */
  visible: boolean
  /** The server runs on this machine. */
  near: boolean
  /** When the phase began, ms. */
  since: number
  /** When the machine must be ticked next, ms. */
  deadline: number
  /** Failures in a row; 0 when all is well. */
  attempt: number
  /** When anything last came from the server, ms; null: never. */
  heardAt: number | null
  /** Since when the page has been without a connection: the moment of the last word where it died silently. */
  lostAt: number | null
  /** When the loss was noticed, ms. */
  noticedAt: number | null
  failure: Failure | null
}

export type Input =
  /** Response headers, a frame, a ping: any sign of life. */
  | { kind: 'heard' }
  /** The whole answer was one piece of JSON. */
  | { kind: 'answered' }
  /** The server ended the stream in order. */
  | { kind: 'ended' }
  | { kind: 'failed'; failure: Failure }
  | { kind: 'tick' }
  | { kind: 'shown' }
  | { kind: 'hidden' }
  /** The user asks, or the browser says that the network is back. */
  | { kind: 'try-now' }

/** `open` replaces whatever is open; a hidden page asks for JSON, since it polls. */
export type Action = 'open' | 'close'

export interface Step {
  next: Connection
  actions: Action[]
}

export function start(now: number, visible: boolean, near = false): Step {
  const idle: Connection = {
    phase: 'connecting',
    visible,
    near,
    since: now,
    deadline: now + openMsMax,
    attempt: 0,
    heardAt: null,
    lostAt: null,
    noticedAt: null,
    failure: null,
  }
  return { next: idle, actions: ['open'] }
}

/** @param chance in [0, 1), for jitter: many pages must not return to a restarted server in the same instant */
export function step(state: Connection, input: Input, now: number, chance: number): Step {
  switch (input.kind) {
    case 'heard':
      return stay(heard(state, now))
    case 'answered': {
      const pause = state.visible ? pollMs : hiddenPollMs
      return stay({ ...heard(state, now), phase: 'polling', since: now, deadline: now + pause })
    }
    case 'ended':
      if (state.phase === 'live' && now - state.since >= peacefulMsMin) return open(state, now)
      return fail(state, 'server', now, chance)
    case 'failed':
      return fail(state, input.failure, now, chance)
    case 'tick':
      return now < state.deadline ? stay(state) : due(state, now, chance)
    case 'shown':
      return state.visible ? stay(state) : open({ ...state, visible: true }, now)
    case 'hidden':
      return state.visible ? rest({ ...state, visible: false }, now) : stay(state)
    case 'try-now':
      return state.phase === 'retrying' ? open(state, now) : stay(state)
  }
}

/** Milliseconds until attempt `attempt` + 1: 1 s, 2 s, 4 s ... 30 s, of which up to a quarter is taken off by chance. */
export function backoffMs(attempt: number, chance: number): number {
  const full = Math.min(backoffMsMax, backoffMsMin * 2 ** (attempt - 1))
  return Math.max(backoffMsMin, Math.round(full * (1 - chance / 4)))
}

function stay(next: Connection): Step {
  return { next, actions: [] }
}

function heard(state: Connection, now: number): Connection {
  // A late word of a stream that was given up says nothing about the next one.
  if (state.phase === 'retrying') return state
  return {
    ...state,
    phase: state.visible ? 'live' : state.phase,
    since: state.phase === 'live' ? state.since : now,
    deadline: now + silenceMsMax,
    attempt: 0,
    heardAt: now,
    lostAt: null,
    noticedAt: null,
    failure: null,
  }
}

function open(state: Connection, now: number): Step {
  return { next: { ...state, phase: 'connecting', since: now, deadline: now + openMsMax }, actions: ['open'] }
}

/** A page that is hidden lets its stream go at once; the cursor makes that free. */
function rest(state: Connection, now: number): Step {
  if (state.phase === 'retrying') return stay(state)
  return { next: { ...state, phase: 'polling', since: now, deadline: now + hiddenPollMs }, actions: ['close'] }
}

function fail(state: Connection, failure: Failure, now: number, chance: number): Step {
  if (state.phase === 'retrying') return stay(state)
  const attempt = state.attempt + 1
  const lostAt = state.lostAt ?? (failure === 'silent' ? (state.heardAt ?? state.since) : now)
  return {
    next: {
      ...state,
      phase: 'retrying',
      since: now,
      deadline: now + (state.near ? nearBackoffMs : backoffMs(attempt, chance)),
      attempt,
      lostAt,
      noticedAt: state.noticedAt ?? now,
      failure,
    },
    actions: ['close'],
  }
}

function due(state: Connection, now: number, chance: number): Step {
  if (state.phase === 'retrying' || state.phase === 'polling') return open(state, now)
  if (state.phase === 'connecting') return fail(state, 'silent', now, chance)
  // A stream that fell silent has waited long enough already: the first try comes at once.
  const lost = fail(state, 'silent', now, chance)
  return open(lost.next, now)
}
