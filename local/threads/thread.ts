// How the parts of the local cloud become threads of their own, so that a heavy query never delays a heartbeat.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { type ErrorCode, errorTable, PipelineError } from '../../functions/errors.ts'
import { bundleEntry } from '../runtime/bundle-entry.mjs'

/** How long a thread may take to finish after it was asked to; then it is ended. */
const stopWithinMs = 1_800

type FromThread<Out> =
  | { type: 'ready'; value: unknown }
  | { type: 'failed'; code?: string; message: string; hint?: string }
  | { type: 'message'; message: Out }

type ToThread<In> = { type: 'stop' } | { type: 'message'; message: In }

export interface Thread<Ready, In> {
  /** What the thread answered once it ran. */
  ready: Ready
  post(message: In): void
  /** Asks the thread to finish what it does, and ends it when it does not. */
  stop(): Promise<void>
  /** Settles when the thread has ended, whoever ended it; the error is there when it was not asked to. */
  ended: Promise<Error | null>
}

/**
 * Starts a TypeScript file of this project as a thread and waits until it is ready.
 *
 * @throws what the thread threw while it started, PipelineErrors with their code and hint.
 */
export async function startThread<Ready, In, Out>(
  entry: string,
  data: unknown,
  onMessage: (message: Out) => void = () => {},
): Promise<Thread<Ready, In>> {
  const worker = new Worker(await bundleEntry(entry), { workerData: data, name: entry })
  let stopping = false
  let failure: Error | null = null
  worker.on('error', (error) => {
    failure = error
  })
  const ended = new Promise<Error | null>((resolve) => {
    worker.on('exit', () => resolve(stopping ? null : (failure ?? new Error(`${entry} ended by itself`))))
  })
  const ready = await new Promise<Ready>((resolve, reject) => {
    worker.on('message', (message: FromThread<Out>) => {
      if (message.type === 'message') onMessage(message.message)
      else if (message.type === 'ready') resolve(message.value as Ready)
      else reject(revive(message))
    })
    ended.then((error) => reject(error ?? new Error(`${entry} ended before it was ready`)))
  })

  return {
    ready,
    ended,
    post: (message) => worker.postMessage({ type: 'message', message } satisfies ToThread<In>),
    async stop() {
      stopping = true
      worker.postMessage({ type: 'stop' } satisfies ToThread<In>)
      const timer = setTimeout(() => worker.terminate(), stopWithinMs)
      await ended
      clearTimeout(timer)
    },
  }
}

function revive(failed: { code?: string; message: string; hint?: string }): Error {
  if (!failed.code || !(failed.code in errorTable))
    return Object.assign(new Error(failed.message), { code: failed.code })
  const message = failed.message.replace(`${failed.code}: `, '')
  return new PipelineError(failed.code as ErrorCode, message, failed.hint === undefined ? {} : { hint: failed.hint })
}

/** What runs inside a thread: it is given its data and a way to speak, and answers how to talk to it and end it. */
export type ThreadBody<Data, Ready, In, Out> = (
  data: Data,
  post: (message: Out) => void,
) => Promise<{ ready: Ready; receive?: (message: In) => void; stop: () => Promise<void> }>

/** Runs `body` as this thread's content. Called once, at the end of a thread's entry file. */
export function runThread<Data, Ready, In, Out>(body: ThreadBody<Data, Ready, In, Out>): void {
  const port = parentPort
  if (isMainThread || !port) throw new Error('expected to run in a thread of the local cloud')
  const send = (message: FromThread<Out>) => port.postMessage(message)
  body(workerData as Data, (message) => send({ type: 'message', message })).then(
    ({ ready, receive, stop }) => {
      port.on('message', async (message: ToThread<In>) => {
        if (message.type === 'message') return receive?.(message.message)
        await stop()
        process.exit(0)
      })
      send({ type: 'ready', value: ready })
    },
    (error: Error & { code?: string; hint?: string }) => {
      send({ type: 'failed', message: error.message, ...pick(error) })
      port.close()
    },
  )
}

function pick(error: { code?: string; hint?: string }): { code?: string; hint?: string } {
  return { ...(error.code && { code: error.code }), ...(error.hint && { hint: error.hint }) }
}
