// The API and the dashboard as a thread of the local cloud: its reads never delay a heartbeat or an append.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { createApp } from '../../functions/api/app.ts'
import { openParts } from '../../functions/api/open-parts.ts'
import type { FaultRequest } from '../dashboard/faults.ts'
import { inFlightIn } from '../dashboard/in-flight.ts'
import { hostNames, listen } from '../dashboard/listen.ts'
import { attemptMemory } from '../dashboard/past-attempts.ts'
import {
  type LocalStatus,
  mountLocalRoutes,
  mountPage,
  type ReplayRequest,
  type SaveEventRequest,
} from '../dashboard/serve.ts'
import { sendFaultRecords } from '../faults/records.ts'
import type { AccountedEnd } from '../resume.ts'
import { revive, runThread, type SentError } from './thread.ts'

/** Ports tried one after the other when the wanted one is taken. */
const portsTried = 20

export interface ApiThreadData {
  /** 0 takes any free one. */
  port: number
  /** The address to listen on. */
  host: string
  environment: Record<string, string>
  /** Where events of invocations are saved. */
  eventsFolder: string
}

export interface ApiThreadReady {
  port: number
  /** Events in the store. */
  events: number
  /** How far each group has come by the store's own account. */
  accounted: AccountedEnd[]
  notes: string[]
}

export type ToApiThread =
  | { type: 'local-status'; status: LocalStatus }
  /** To be asked: publishes what a fault sends. */
  | { type: 'send'; kind: 'bad-record' | 'burst' | 'poison' }
  | { type: 'answer'; id: number; error: SentError | null }
export type ApiThreadMessage =
  | { type: 'pause-producer'; paused: boolean }
  /** To be answered with `answer`. */
  | { type: 'replay'; id: number; request: ReplayRequest }
  | { type: 'save-event'; id: number; request: SaveEventRequest; file: string }
  | { type: 'set-fault'; id: number; request: FaultRequest }
  | { type: 'log'; line: string }

runThread<ApiThreadData, ApiThreadReady, ToApiThread, ApiThreadMessage>(async (data, post) => {
  const { port: wanted, host, environment } = data
  const { parts, close } = await openParts(environment)
  let status: LocalStatus = { producer: 'off', mappings: [], faults: [] }
  const attempts = attemptMemory()
  const app = createApp({
    ...parts,
    inFlight: (place) => inFlightIn(status.mappings, place),
    pastAttempts: attempts.find,
    streams: true,
    allowedHosts: hostNames(host, parts.allowedHosts),
    onError: (error) =>
      post({ type: 'log', line: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  })
  const asked = new Map<number, (error: SentError | null) => void>()
  let lastAsked = 0
  const ask = (messageOf: (id: number) => ApiThreadMessage) =>
    new Promise<void>((resolve, reject) => {
      const id = ++lastAsked
      asked.set(id, (error) => (error ? reject(revive(error)) : resolve()))
      post(messageOf(id))
    })
  mountLocalRoutes(app, {
    status: () => status,
    pauseProducer: (paused) => post({ type: 'pause-producer', paused }),
    setFault: (request) => ask((id) => ({ type: 'set-fault', id, request })),
    replay: (request) => ask((id) => ({ type: 'replay', id, request })),
    async saveEvent(request) {
      const file = join(data.eventsFolder, `${request.function}-${request.batch}.json`)
      await ask((id) => ({ type: 'save-event', id, request, file }))
      return file
    },
  })
  mountPage(app)
  const ports = wanted === 0 ? [0] : Array.from({ length: portsTried }, (_, i) => wanted + i)
  const server = await listen(app, { address: host, ports, token: parts.token })
  const moved = wanted !== 0 && server.port !== wanted
  const { events } = await parts.store.totals(parts.group)
  const accounted = (await parts.store.accounts()).map(({ group, topic, partition, nextOffset, rangesAbove }) => {
    return { group, topic, partition, end: rangesAbove.at(-1)?.[1] ?? nextOffset }
  })
  return {
    ready: {
      port: server.port,
      events,
      accounted,
      notes: moved ? [`port ${wanted} is taken; the dashboard is on ${server.port}`] : [],
    },
    receive(message) {
      if (message.type === 'local-status') {
        status = message.status
        attempts.note(status.mappings)
      } else if (message.type === 'answer') {
        asked.get(message.id)?.(message.error)
        asked.delete(message.id)
      } else {
        const options = { kind: message.kind, seed: randomUUID(), now: Date.now }
        return sendFaultRecords(parts.publish, parts.topic, options)
      }
    },
    async stop() {
      await server.close()
      await close()
    },
  }
})
