// One conversation with the server: a stream that is read to its end, or one answer in one piece.
import { openLive } from '../api.ts'
import { ApiError } from '../http.ts'
import type { Failure, Input } from './connection.ts'
import { readServerSent } from './server-sent.ts'

export interface Listener {
  /** The data of one live frame. */
  onFrame(data: string): void
  /** What the connection's state machine is told. */
  onInput(input: Input): void
}

/**
 * Asks for what follows `cursor` and hands it over until there is no more. Never throws: how it ended is told as an
 * input, unless `signal` ended it, which is whoever gave it up's to know.
 */
export async function converse(cursor: string, stream: boolean, signal: AbortSignal, to: Listener): Promise<void> {
  const tell = (input: Input) => {
    if (!signal.aborted) to.onInput(input)
  }
  try {
    const response = await openLive(cursor, stream, signal)
    if (response.headers.get('content-type')?.includes('json')) {
      to.onFrame(await response.text())
      tell({ kind: 'answered' })
      return
    }
    tell({ kind: 'heard' })
    if (response.body) await readServerSent(response.body, () => tell({ kind: 'heard' }), to.onFrame)
    tell({ kind: 'ended' })
  } catch (error) {
    tell({ kind: 'failed', failure: failureOf(error) })
  }
}

/** What a failed request says about the other side. */
export function failureOf(error: unknown): Failure {
  // What fetch and streams throw; anything else is a bug of ours, and must not hide behind "no connection".
  if (!(error instanceof ApiError || error instanceof TypeError || error instanceof DOMException)) reportError(error)
  if (!(error instanceof ApiError)) return 'network'
  return error.status === 503 || error.code?.startsWith('STORE_') ? 'store' : 'server'
}
