// The API and the dashboard as a thread of the local cloud: its reads never delay a heartbeat or an append.
import { createApp } from '../../functions/api/app.ts'
import { openParts } from '../../functions/api/open-parts.ts'
import { type LocalStatus, listen, mountLocalRoutes, mountPage, type ReplayRequest } from '../dashboard/serve.ts'
import { revive, runThread, type SentError } from './thread.ts'

/** Ports tried one after the other when the wanted one is taken. */
const portsTried = 20

export interface ApiThreadData {
  /** 0 takes any free one. */
  port: number
  environment: Record<string, string>
}

export interface ApiThreadReady {
  port: number
  /** Events in the store. */
  events: number
  /** The store holds no account: nothing was ever consumed into it. */
  isNew: boolean
  notes: string[]
}

export type ToApiThread =
  | { type: 'local-status'; status: LocalStatus }
  | { type: 'bad-record' }
  | { type: 'replayed'; id: number; error: SentError | null }
export type ApiThreadMessage =
  | { type: 'pause-producer'; paused: boolean }
  /** To be answered with `replayed`. */
  | { type: 'replay'; id: number; request: ReplayRequest }
  | { type: 'log'; line: string }

runThread<ApiThreadData, ApiThreadReady, ToApiThread, ApiThreadMessage>(async (data, post) => {
  const { port: wanted, environment } = data
  const { parts, close } = await openParts(environment)
  const app = createApp({
    ...parts,
    streams: true,
    allowedHosts: ['localhost', '127.0.0.1', '[::1]'],
    onError: (error) =>
      post({ type: 'log', line: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  })
  let status: LocalStatus = { producer: 'off', mappings: [] }
  const replays = new Map<number, (error: SentError | null) => void>()
  let lastReplay = 0
  mountLocalRoutes(app, {
    status: () => status,
    pauseProducer: (paused) => post({ type: 'pause-producer', paused }),
    replay: (request) =>
      new Promise((resolve, reject) => {
        const id = ++lastReplay
        replays.set(id, (error) => (error ? reject(revive(error)) : resolve()))
        post({ type: 'replay', id, request })
      }),
  })
  mountPage(app)
  const ports = wanted === 0 ? [0] : Array.from({ length: portsTried }, (_, i) => wanted + i)
  const server = await listen(app, ports)
  const moved = wanted !== 0 && server.port !== wanted
  const { events } = await parts.store.totals(parts.group)
  const isNew = (await parts.store.accounts()).length === 0
  return {
    ready: {
      port: server.port,
      events,
      isNew,
      notes: moved ? [`port ${wanted} is taken; the dashboard is on ${server.port}`] : [],
    },
    receive(message) {
      if (message.type === 'local-status') status = message.status
      else if (message.type === 'replayed') {
        replays.get(message.id)?.(message.error)
        replays.delete(message.id)
      }
      // What a person who wants to see a failure sends: not JSON at all.
      else
        void parts.publish(parts.topic, [{ key: '0', value: 'a bad record, sent from the terminal' }]).catch(() => {})
    },
    async stop() {
      await server.close()
      await close()
    },
  }
})
