// The page's questions to the API, and its few commands.
import type { Abandonment } from '../functions/api/schemas/abandonment.ts'
import type { Figures } from '../functions/api/schemas/figures.ts'
import type { Journey } from '../functions/api/schemas/journey.ts'
import type { Bucket, DeadLetterRow, EventRow, Live, Summary } from '../functions/api/schemas.ts'
import { ApiError, get, post, refusal } from './http.ts'

/** What only a local stage answers, and elsewhere is a 404: local/dashboard and local/event-source-mapping/state.ts. */
export interface LocalStatus {
  producer: 'running' | 'paused' | 'off'
  mappings: LocalMapping[]
  /** What is broken on purpose, and what could be. */
  faults: LocalFault[]
}

export interface LocalFault {
  name: string
  /** Moments, ms since 1970; `since` null: it is not on; `until` null: it ends when its work is done. */
  since: number | null
  until: number | null
  /** Why it cannot be had on this stage; null: it can. */
  unavailable: string | null
}

export interface LocalMapping {
  function: string
  group: string
  topic: string
  /** What a batch may hold, and how long it may wait for more. */
  limits: { records: number; bytes: number; windowMs: number }
  partitions: LocalPartition[]
  /** Sums since the mapping started, under AWS's names. */
  metrics: Record<string, number>
  /** Event pollers now. */
  pollers: number
  /** `retriesMax` null: never gives up; `destination` null: what is given up is dropped. */
  onFailure: { destination: string | null; retriesMax: number | null; bisects: boolean }
  /** The newest first. `records` by `<topic>-<partition>`; `destination` null: they are lost. */
  givenUp: {
    at: number
    condition: string
    records: Record<string, { first: number; last: number; count: number }>
    destination: string | null
  }[]
}

/** Moments are ms since 1970. */
export interface LocalPartition {
  partition: number
  /** Records that wait for an invocation. */
  buffered: number
  bufferedBytes: number
  windowEndsAt: number | null
  phase: 'idle' | 'running' | 'waiting' | 'delivering'
  inFlight: number
  /** The lowest offset in flight. */
  offset: number | null
  /** Of the batch in flight; 0 without one. */
  attempt: number
  nextAttemptAt: number | null
  lastError: string | null
  /** What cutting that batch in two has left. */
  bisect: { depth: number; count: number }[]
  committedOffset: number | null
  /** Where reading stands still, and what to do about it. */
  unreadable: { firstOffset: number; reason: string; hint: string } | null
}

export const getSummary = () => get<Summary>('/api/summary')
export const getEvents = (limit: number) => get<{ events: EventRow[]; cursor: string }>(`/api/events?limit=${limit}`)
export const getDeadLetters = (limit: number) =>
  get<{ deadLetters: DeadLetterRow[] }>(`/api/dead-letters?limit=${limit}`)
export const getThroughput = (seconds: number) => get<{ buckets: Bucket[] }>(`/api/throughput?seconds=${seconds}`)

/** Business figures of the events' own time since `fromMs`. */
export const getFigures = (by: 'minute' | 'hour', fromMs: number) =>
  get<Figures>(`/api/figures?by=${by}&from=${new Date(fromMs).toISOString()}`)

/** The event at a place in the store's sequence; null when it is not kept any more. */
export async function getEvent(seq: number): Promise<EventRow | null> {
  const { events } = await get<{ events: EventRow[] }>(`/api/events?after=${seq - 1}&limit=1`)
  return events[0]?.seq === seq ? events[0] : null
}

/** The pipeline's alarms, by the same thresholds as the panels'. */
export const getAlerts = () => get<{ alerts: { name: string; state: string; text: string }[] }>('/api/alerts')

/** A 404 where the pipeline has no such consumer. */
export const getAbandonment = () => get<Abandonment>('/api/abandonment')

/** @param place topic, partition and offset, as a path */
export const getJourney = (place: string) => get<Journey>(`/api/records/${place}`)

/** null where there is no local stage. */
export async function getLocalStatus(): Promise<LocalStatus | null> {
  try {
    return await get<LocalStatus>('/api/local/status')
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null
    throw error
  }
}

export const pauseProducer = (paused: boolean) => post('/api/local/producer', { paused })
export const setFault = (fault: string, on: boolean) => post('/api/local/faults', { fault, on })

/**
 * Asks for everything after `cursor`: as a stream, or in one piece. The server may answer a wish for a stream in one
 * piece, as the cloud does; the content type tells.
 *
 * @throws ApiError for any status but 200
 */
export async function openLive(cursor: string, stream: boolean, signal: AbortSignal): Promise<Response> {
  const response = await fetch(`/api/live?after=${cursor}`, {
    headers: { accept: stream ? 'text/event-stream' : 'application/json' },
    cache: 'no-store',
    signal,
  })
  if (!response.ok) throw await refusal(response)
  return response
}

export function parseFrame(text: string): Live {
  return JSON.parse(text) as Live
}
