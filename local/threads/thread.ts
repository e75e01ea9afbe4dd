// How the parts of the local cloud become threads of their own, so that a heavy query never delays a heartbeat.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { type ErrorCode, errorTable, PipelineError } from '../../functions/errors.ts'
import { bundleEntry } from '../runtime/bundle-entry.mjs'

/** How long a thread may take to finish after it was asked to; then it is ended. */
const stopWithinMs = 1_800

type FromThread<Out> =
  | { type: 'ready'; value: unknown }
  | ({ type: 'failed' } & SentError)
  | { type: 'answer'; ask: number; error: SentError | null }
  | { type: 'message'; message: Out }

type ToThread<In> = { type: 'stop' } | { type: 'message'; message: In } | { type: 'ask'; ask: number; message: In }

/** An error as it travels between threads: an Error itself would arrive without its code. */
export interface SentError {
  code?: string
  message: string
  hint?: string
}

export interface Thread<Ready, In> {
  /** What the thread answered once it ran. */
  ready: Ready
  post(message: In): void
  /** Posts the message and waits until the thread has dealt with it. Rejects with what it threw there. */
  ask(message: In): Promise<void>
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
  const asks = new Map<number, (error: Error | null) => void>()
  let asked = 0
  worker.on('error', (error) => {
    failure = error
  })
  const ended = new Promise<Error | null>((resolve) => {
    worker.on('exit', () => resolve(stopping ? null : (failure ?? new Error(`${entry} ended by itself`))))
  })
  const ready = await new Promise<Ready>((resolve, reject) => {
    worker.on('message', (message: FromThread<Out>) => {
      if (message.type === 'message') onMessage(message.message)
      else if (message.type === 'answer') asks.get(message.ask)?.(message.error && revive(message.error))
      else if (message.type === 'ready') resolve(message.value as Ready)
      else reject(revive(message))
    })
    ended.then((error) => reject(error ?? new Error(`${entry} ended before it was ready`)))
  })
  ended.then((error) => {
    for (const settle of asks.values()) settle(error ?? new Error(`${entry} was stopped`))
  })

  return {
    ready,
    ended,
    post: (message) => worker.postMessage({ type: 'message', message } satisfies ToThread<In>),
    ask(message) {
      const ask = asked++
      return new Promise((resolve, reject) => {
        asks.set(ask, (error) => {
          asks.delete(ask)
          if (error) reject(error)
          else resolve()
        })
        worker.postMessage({ type: 'ask', ask, message } satisfies ToThread<In>)
      })
    },
    async stop() {
      stopping = true
      worker.postMessage({ type: 'stop' } satisfies ToThread<In>)
      const timer = setTimeout(() => worker.terminate(), stopWithinMs)
      await ended
      clearTimeout(timer)
    },
  }
}

/** The error as it was thrown, PipelineErrors with their code and hint. */
export function revive(failed: SentError): Error {
  if (!failed.code || !(failed.code in errorTable))
    return Object.assign(new Error(failed.message), { code: failed.code })
  const message = failed.message.replace(`${failed.code}: `, '')
  return new PipelineError(failed.code as ErrorCode, message, failed.hint === undefined ? {} : { hint: failed.hint })
}

/** What runs inside a thread: it is given its data and a way to speak, and answers how to talk to it and end it. */
export type ThreadBody<Data, Ready, In, Out> = (
  data: Data,
  post: (message: Out) => void,
) => Promise<{ ready: Ready; receive?: (message: In) => void | Promise<void>; stop: () => Promise<void> }>

/** Runs `body` as this thread's content. Called once, at the end of a thread's entry file. */
export function runThread<Data, Ready, In, Out>(body: ThreadBody<Data, Ready, In, Out>): void {
  const port = parentPort
  if (isMainThread || !port) throw new Error('expected to run in a thread of the local cloud')
  const send = (message: FromThread<Out>) => port.postMessage(message)
  body(workerData as Data, (message) => send({ type: 'message', message })).then(
    ({ ready, receive, stop }) => {
      port.on('message', async (message: ToThread<In>) => {
        if (message.type === 'message') return receive?.(message.message)
        if (message.type === 'ask') {
          const error = await errorOf(() => receive?.(message.message))
          return send({ type: 'answer', ask: message.ask, error })
        }
        await stop()
        process.exit(0)
      })
      send({ type: 'ready', value: ready })
    },
    (error: Error & { code?: string; hint?: string }) => {
      send({ type: 'failed', ...toSent(error) })
      port.close()
    },
  )
}

/** What `work` throws, ready to be sent; null when it does not. */
export async function errorOf(work: () => unknown): Promise<SentError | null> {
  try {
    await work()
    return null
  } catch (error) {
    return toSent(error as Error)
  }
}

function toSent({ message, code, hint }: Error & { code?: string; hint?: string }): SentError {
  return { message, ...(code && { code }), ...(hint && { hint }) }
}
