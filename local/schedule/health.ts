// Answers whether scheduled functions are invoked and succeed, for Kubernetes, Compose and whoever else looks after them.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HealthAddress } from '../mapping/options.ts'

/** How a scheduled function is. */
export interface Beat {
  name: string
  periodMs: number
  timeoutMs: number
  /** When its last invocation ended, or when it was started; ms. */
  endedMs: number | null
  /** Why the last invocation failed; null where it did not. */
  failure: string | null
}

/** Firings are left out while one runs, so a healthy one ends within a period and its longest run. */
const slackMs = 30_000

/** Alive: its last invocation ended no longer ago than one may take. */
export function isAlive({ endedMs, periodMs, timeoutMs }: Beat, nowMs: number): boolean {
  return nowMs - (endedMs ?? nowMs) <= periodMs + timeoutMs + slackMs
}

export interface BeatServer {
  port: number
  close(): void
}

/**
 * `GET /live` answers 200 while all of them are invoked in time, `GET /ready` while their last invocations succeeded
 * besides; else 503. A failure is no reason to start them anew: what they need is away.
 *
 * @throws the operating system's error when the address is not to be had
 */
export async function serveBeats({ host, port }: HealthAddress, look: () => Beat[]): Promise<BeatServer> {
  const options = { requestTimeout: 5_000, headersTimeout: 5_000, keepAliveTimeout: 5_000, maxHeaderSize: 8_192 }
  const server = createServer(options, (request, response) => {
    const beats = look()
    const alive = beats.every((beat) => isAlive(beat, Date.now()))
    const ready = alive && beats.every(({ failure }) => failure === null)
    const verdicts: Record<string, boolean | undefined> = { '/live': alive, '/ready': ready }
    const verdict = verdicts[request.url ?? '']
    const status = verdict === undefined ? 404 : verdict ? 200 : 503
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    response.end(`${JSON.stringify(verdict === undefined ? { title: 'only /ready and /live' } : { beats })}\n`)
  })
  server.maxConnections = 64
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
