// Tells listeners that some process has committed, as soon as Postgres says so.
import type pg from 'pg'
import type { Session, Statement } from './database.ts'

export interface CommitWatch {
  /** Returns the way to stop. */
  listen(listener: () => void): () => void
  stop(): Promise<void>
}

/** What a listening connection must be able to do. */
type Listener = Pick<pg.Client, 'connect' | 'query' | 'on' | 'end'> & { unref?(): void }

export interface CommitWatchOptions {
  channel: string
  open: () => Listener
  /** The pause before the next try when there is no connection; 250 ms unless given. */
  retryMs?: number
  /** How often a silent connection is asked whether it still stands; 2 s unless given. */
  checkMs?: number
}

/** One for each schema: stores in one database do not wake each other. */
export const channelOf = (schema: string) => `${schema}_commit`

const notify: Statement = { name: 'notify', text: `SELECT pg_notify($1, '')` }

/** Part of the transaction: Postgres tells listeners when it has committed, and nothing if it has not. */
export function notifyCommit(session: Session, channel: string): void {
  session.send(notify, [channel])
}

/**
 * Listens on a connection of its own, and only while somebody wants to know. Whenever it begins to listen, first or
 * after a connection was lost, listeners are told: something may have been committed before.
 */
export function watchCommits({ channel, open, retryMs = 250, checkMs = 2_000 }: CommitWatchOptions): CommitWatch {
  const listeners = new Set<() => void>()
  let running: { end(): Promise<void> } | undefined

  function tell(): void {
    for (const listener of [...listeners]) listener()
  }

  function start(): { end(): Promise<void> } {
    let ended = false
    let client: Listener | undefined
    let timer: NodeJS.Timeout | undefined

    async function connect(): Promise<void> {
      const opened = open()
      client = opened
      let lost = false
      const lose = () => {
        if (lost) return
        lost = true
        clearTimeout(timer)
        opened.end().catch(() => {})
        if (!ended) timer = setTimeout(connect, retryMs).unref()
      }
      opened.on('error', lose)
      opened.on('end', lose)
      opened.on('notification', () => !ended && tell())
      try {
        await opened.connect()
        opened.unref?.()
        await opened.query(`LISTEN ${channel}`)
        if (!ended) tell()
        check(opened, lose)
      } catch {
        // Whoever reads rows meets the error and reports it.
        lose()
      }
    }

    /** A server that vanished without a word says nothing on a connection that only listens. */
    function check(opened: Listener, lose: () => void): void {
      if (ended) return
      timer = setTimeout(() => opened.query('SELECT 1').then(() => check(opened, lose), lose), checkMs).unref()
    }

    connect()
    return {
      async end() {
        ended = true
        clearTimeout(timer)
        await client?.end().catch(() => {})
      },
    }
  }

  async function stop(): Promise<void> {
    listeners.clear()
    const stopped = running
    running = undefined
    await stopped?.end()
  }

  return {
    listen(listener) {
      // A wrapper of its own, so that one function may listen twice and each stops by itself.
      const entry = () => listener()
      listeners.add(entry)
      running ??= start()
      return () => {
        listeners.delete(entry)
        if (listeners.size === 0) stop()
      }
    },
    stop,
  }
}
