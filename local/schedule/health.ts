// Answers whether scheduled functions are invoked and succeed, for Kubernetes, Compose and whoever else looks after them.
import { type HealthAddress, type ProbeServer, serveProbes } from '../probes.ts'

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

/**
 * `GET /live` answers 200 while all of them are invoked in time, `GET /ready` while their last invocations succeeded
 * besides; else 503. A failure is no reason to start them anew: what they need is away.
 *
 * @throws the operating system's error when the address is not to be had
 */
export function serveBeats(address: HealthAddress, look: () => Beat[]): Promise<ProbeServer> {
  return serveProbes(address, ({ url }) => {
    const beats = look()
    const alive = beats.every((beat) => isAlive(beat, Date.now()))
    const ready = alive && beats.every(({ failure }) => failure === null)
    const verdicts: Record<string, boolean | undefined> = { '/live': alive, '/ready': ready }
    const verdict = verdicts[url ?? '']
    if (verdict === undefined) return { status: 404, body: { title: 'only /ready and /live' } }
    return { status: verdict ? 200 : 503, body: { beats } }
  })
}
