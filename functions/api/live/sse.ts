// Server-sent events: a frame's bytes, and a stream that never queues more than its listener takes.
import type { Live } from '../schemas.ts'
import type { Listener, LiveHub } from './hub.ts'

/** How long a page waits before it connects again, ms. */
const retryMs = 1000
const pingMs = 10_000
/** Ends by itself, so that the way back is taken every day and not only on a bad one. */
const streamMsMax = 10 * 60 * 1000
/** Frames that wait for a slow listener before it is left out. */
const framesWaitingMax = 4

export const sseHeaders: Record<string, string> = {
  'content-type': 'text/event-stream; charset=utf-8',
  // Compressing or buffering proxies would hold frames back.
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

const encoder = new TextEncoder()

/** https://html.spec.whatwg.org/multipage/server-sent-events.html; JSON has no line breaks of its own. */
export function sseFrame(frame: Live): Uint8Array {
  return encoder.encode(`id: ${frame.cursor}\ndata: ${JSON.stringify(frame)}\n\n`)
}

/**
 * A stream of frames that begins with everything since `after`.
 *
 * @throws PipelineError LISTENERS_FULL, STORE_*: while an answer with a status of its own is still possible
 */
export async function openStream(hub: LiveHub, after: number | undefined): Promise<ReadableStream<Uint8Array>> {
  let output: ReadableStreamDefaultController<Uint8Array> | undefined
  const isReady = () => output !== undefined && (output.desiredSize ?? 0) > 0
  const ping = setInterval(() => isReady() && output?.enqueue(encoder.encode(': ping\n\n')), pingMs)
  const lifetime = setTimeout(() => listener.end(), streamMsMax)

  function stop(): void {
    clearInterval(ping)
    clearTimeout(lifetime)
    output = undefined
    hub.leave(listener)
  }

  const listener: Listener = {
    isReady,
    send: (bytes) => output?.enqueue(bytes),
    end() {
      output?.close()
      stop()
    },
  }

  const stream = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        output = controller
      },
      pull: () => hub.resume(listener),
      cancel: stop,
    },
    { highWaterMark: framesWaitingMax },
  )
  try {
    output?.enqueue(encoder.encode(`retry: ${retryMs}\n`))
    await hub.join(listener, after)
    return stream
  } catch (error) {
    stop()
    throw error
  }
}
