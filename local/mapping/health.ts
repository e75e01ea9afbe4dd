// Answers whether a mapping's process is ready and alive, for Kubernetes, Compose and whoever else looks after it.
import type { MappingState } from '../event-source-mapping/mapping.ts'
import { type HealthAddress, type ProbeAnswer, type ProbeServer, serveProbes } from '../probes.ts'

/** One turn takes a heartbeat at most, and a request that Kafka leaves unanswered 10 s. */
export const turnMsMax = 30_000

/** An answer, and what it was given for. */
export interface Verdict {
  ok: boolean
  /** A sentence for people. */
  reason: string
}

/**
 * Ready: it is a member of its group, with partitions or as a standby, or its mapping is disabled. A replica that is not
 * ready has no part of the work; nobody has to be sent elsewhere, since a mapping is not asked but asks.
 */
export function readiness({ enabled, membership, partitions, topic }: MappingState, stopping: boolean): Verdict {
  if (stopping) return { ok: false, reason: 'it is stopping' }
  if (!enabled) return { ok: true, reason: 'the mapping is disabled: it neither polls nor invokes' }
  if (!membership.joined) return { ok: false, reason: membership.error ?? 'it has not joined its group yet' }
  if (partitions.length === 0) return { ok: true, reason: 'standby: other members have all partitions' }
  const names = (some: MappingState['partitions']) => some.map(({ partition }) => `${topic}-${partition}`).join(', ')
  const standing = partitions.filter(({ unreadable }) => unreadable !== null)
  // A restart would meet the same bytes, so it stays ready for its other partitions.
  const except = standing.length > 0 ? `, but stands still at what cannot be read in ${names(standing)}` : ''
  return { ok: true, reason: `reads ${names(partitions)}${except}` }
}

/**
 * Alive: its loop turns, whether it reaches Kafka or tries to. A restart would not bring Kafka back, so that Kafka is away
 * is no reason for one.
 */
export function liveness({ enabled, membership: { turnedAt } }: MappingState, nowMs: number): Verdict {
  if (!enabled) return { ok: true, reason: 'the mapping is disabled: it neither polls nor invokes' }
  const agoMs = nowMs - (turnedAt ?? nowMs)
  const reason = `its loop turned ${agoMs} ms ago, and has to within ${turnMsMax} ms`
  return { ok: agoMs <= turnMsMax, reason }
}

/**
 * `GET /ready` and `GET /live` answer 200 or 503 with what they saw as JSON: the verdict, the group, and where each
 * partition stands. Nothing in it is a secret, and nothing can be changed by it.
 *
 * @throws the operating system's error when the address is not to be had
 */
export function serveHealth(
  address: HealthAddress,
  look: () => { state: MappingState; stopping: boolean },
): Promise<ProbeServer> {
  return serveProbes(address, (request) => {
    const path = request.url?.split('?')[0]
    if (request.method !== 'GET' && request.method !== 'HEAD') return { status: 405, body: { title: 'only GET' } }
    const { state, stopping } = look()
    if (path === '/ready') return verdictAnswer('ready', readiness(state, stopping), state)
    if (path === '/live') return verdictAnswer('live', liveness(state, Date.now()), state)
    return { status: 404, body: { title: 'only /ready and /live' } }
  })
}

function verdictAnswer(name: 'ready' | 'live', verdict: Verdict, state: MappingState): ProbeAnswer {
  const { uuid, topic, consumerGroupId, membership } = state
  const partitions = state.partitions.map(({ partition, phase, committedOffset, endOffset, lag, unreadable }) => {
    return { partition, phase, committedOffset, endOffset, lag, unreadable }
  })
  return {
    status: verdict.ok ? 200 : 503,
    body: { [name]: verdict.ok, reason: verdict.reason, uuid, topic, consumerGroupId, membership, partitions },
  }
}
