// Notices a server that is gone without a word: who waits for an answer too long asks on another connection whether anybody
// still works on it.
import type { Duplex } from 'node:stream'
import pg from 'pg'

export interface AnswerWatch {
  /** The answer itself. Its connection is broken off when nobody works on it any more. */
  over<Answer>(client: pg.ClientBase, answer: Promise<Answer>): Promise<Answer>
  close(): void
}

export interface AnswerWatchOptions {
  /** How a connection is opened. */
  config: pg.ClientConfig
  /** So long a connection may be silent before it is doubted, ms. */
  doubtMs?: number
  /** So long the other one may take to be opened, and as long to answer, ms. */
  probeMsMax?: number
}

interface Waiting {
  unanswered: number
  /** Of the last question or answer. */
  heardMs: number
  isDoubted: boolean
}

/** A statement that takes its time is left alone, however long: the server says that it is active. */
export function watchAnswers({ config, doubtMs = 2_000, probeMsMax = 2_000 }: AnswerWatchOptions): AnswerWatch {
  const waiting = new Map<pg.ClientBase, Waiting>()
  const timer = setInterval(lookRound, doubtMs / 4).unref()

  function lookRound(): void {
    const nowMs = performance.now()
    for (const [client, one] of waiting) {
      if (!one.isDoubted && nowMs - one.heardMs >= doubtMs) void doubt(client, one)
    }
  }

  async function doubt(client: pg.ClientBase, one: Waiting): Promise<void> {
    const { heardMs } = one
    one.isDoubted = true
    const isAlive = await isWorkedOn(client).catch(() => false)
    one.isDoubted = false
    // An answer may have come meanwhile: to a thread that stood still they come all at once.
    if (isAlive || one.heardMs !== heardMs) one.heardMs = performance.now()
    else breakOff(client)
  }

  /** Whether its server process does something. Throws where no server answers. */
  async function isWorkedOn(client: pg.ClientBase): Promise<boolean> {
    const probe = new pg.Client({ ...config, connectionTimeoutMillis: probeMsMax, query_timeout: probeMsMax })
    probe.on('error', () => {})
    try {
      await probe.connect()
      const { rows } = await probe.query<{ own: number; state: string | null }>(
        'SELECT pg_backend_pid() AS own, (SELECT state FROM pg_stat_activity WHERE pid = $1) AS state',
        [processOf(client)],
      )
      // Behind a pooler the numbers are the pooler's, and say nothing.
      const isDirect = rows[0]?.own === processOf(probe)
      return !isDirect || rows[0]?.state === 'active'
    } finally {
      probe.end().catch(() => {})
    }
  }

  return {
    async over(client, answer) {
      const one = waiting.get(client) ?? { unanswered: 0, heardMs: 0, isDoubted: false }
      waiting.set(client, one)
      if (one.unanswered++ === 0) one.heardMs = performance.now()
      try {
        return await answer
      } finally {
        one.heardMs = performance.now()
        if (--one.unanswered === 0) waiting.delete(client)
      }
    },
    close: () => clearInterval(timer),
  }
}

/** What the driver keeps and its types leave out: the server's process, and the socket. pg 8.23: lib/client.js. */
type Inner = { processID: number | null; connection: { stream: Duplex } }

function processOf(client: pg.ClientBase): number | null {
  return (client as unknown as Inner).processID
}

/** All that was asked on it fails at once, and the pool lets go of it. */
function breakOff(client: pg.ClientBase): void {
  const reason = Object.assign(new Error('the connection is dead'), { code: 'ETIMEDOUT' })
  ;(client as unknown as Inner).connection.stream.destroy(reason)
}
