// Answers whether a mapping's process is ready and alive, for Kubernetes, Compose and whoever else looks after it.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { MappingState } from '../event-source-mapping/mapping.ts'
import type { HealthAddress } from './options.ts'

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
  return { ok: true, reason: `reads ${partitions.map(({ partition }) => `${topic}-${partition}`).join(', ')}` }
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

export interface Health {
  port: number
  close(): void
}

/**
 * `GET /ready` and `GET /live` answer 200 or 503 with what they saw as JSON: the verdict, the group, and where each
 * partition stands. Nothing in it is a secret, and nothing can be changed by it.
 *
 * @throws the operating system's error when the address is not to be had
 */
export async function serveHealth(
  { host, port }: HealthAddress,
  look: () => { state: MappingState; stopping: boolean },
): Promise<Health> {
  const options = { requestTimeout: 5_000, headersTimeout: 5_000, keepAliveTimeout: 5_000, maxHeaderSize: 8_192 }
  const server = createServer(options, (request, response) => {
    const path = request.url?.split('?')[0]
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, { title: 'only GET' })
    const { state, stopping } = look()
    if (path === '/ready') answerVerdict(response, 'ready', readiness(state, stopping), state)
    else if (path === '/live') answerVerdict(response, 'live', liveness(state, Date.now()), state)
    else answer(response, 404, { title: 'only /ready and /live' })
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

function answerVerdict(response: ServerResponse, name: 'ready' | 'live', verdict: Verdict, state: MappingState): void {
  const { uuid, topic, consumerGroupId, membership } = state
  const partitions = state.partitions.map(({ partition, phase, committedOffset, endOffset, lag }) => {
    return { partition, phase, committedOffset, endOffset, lag }
  })
  answer(response, verdict.ok ? 200 : 503, {
    [name]: verdict.ok,
    reason: verdict.reason,
    uuid,
    topic,
    consumerGroupId,
    membership,
    partitions,
  })
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(`${JSON.stringify(body)}\n`)
}
