// One client's connection: requests come in frames and are answered in their order, one at a time.
import type { Socket } from 'node:net'
import { collectGarbage } from '../garbage.ts'
import type { Api, Call } from './api/api.ts'
import { apiVersions, unsupportedApiVersions } from './api/api-versions.ts'
import { saslAuthenticate, saslHandshake } from './api/sasl.ts'
import { Session } from './authentication/session.ts'
import { loanFrom } from './buffer-pool.ts'
import { FrameReader, frameBytesMax } from './protocol/frame.ts'
import { type RequestHeader, readRequestHeader, responseWriter } from './protocol/header.ts'
import { MalformedFrame, type Reader } from './protocol/reader.ts'
import type { BrokerState } from './state.ts'

/** Below it, collecting shows in the CPU time; above it, what is read survives a collection and costs far more. */
const uncollectedBytesMax = 4 * 1024 * 1024

/** sasl.server.max.receive.size: what one may send who has not yet said who it is. */
const strangerFrameBytesMax = 524_288

/**
 * Serves one socket until it closes. Like Kafka, it does not look at the next request before the last is answered
 * and, beyond Kafka, not before the client has taken the answer in: a slow reader slows itself down alone.
 */
export function serve(socket: Socket, broker: BrokerState): void {
  const frames = new FrameReader()
  const closed = new AbortController()
  const session = new Session(broker.users)
  const clientHost = `/${(socket.remoteAddress ?? '').replace(/^::ffff:/, '')}`
  let busy = false
  let answering = false
  let countedBytes = 0

  const countInbound = () => {
    const bytes = closed.signal.aborted ? 0 : frames.bytes
    broker.inboundBytes += bytes - countedBytes
    countedBytes = bytes
  }

  const answerAll = async () => {
    if (busy) return
    busy = true
    try {
      const next = () => frames.next(session.isOpen ? frameBytesMax : strangerFrameBytesMax)
      for (let frame = next(); frame !== null; frame = next()) {
        answering = true
        const { lend, giveBack } = loanFrom(broker.buffers)
        const answered = answer(broker, frame, { clientHost, session, signal: closed.signal, lend })
        const chunks = answered instanceof Promise ? await whilePaused(socket, answered) : answered
        answering = false
        if (closed.signal.aborted) return
        if (chunks !== null && !send(socket, chunks, giveBack)) await takenIn(socket, broker, closed.signal)
      }
    } catch (error) {
      if (!(error instanceof MalformedFrame)) broker.say(`a request failed: ${(error as Error).stack ?? error}`)
      socket.destroy()
    } finally {
      busy = false
      countInbound()
    }
  }

  socket.setNoDelay(true)
  // A client that sends nothing and takes nothing in for so long is gone; one that waits for an answer is not idle.
  socket.setTimeout(broker.idleMsMax, () => {
    if (!answering) socket.destroy()
  })
  socket.on('data', (chunk) => {
    frames.push(chunk)
    countInbound()
    if (broker.inboundBytes > broker.bufferedBytesMax) socket.destroy()
    else void answerAll()
    collectRead(broker, chunk.length)
  })
  // A peer that vanishes is no news; 'close' follows.
  socket.on('error', () => {})
  socket.on('close', () => {
    closed.abort()
    countInbound()
  })
}

/**
 * Node reads into a new buffer of 64 KB each time. They lie outside V8's heap, which therefore comes to look for dead ones
 * only after tens of megabytes.
 */
function collectRead(broker: BrokerState, bytes: number): void {
  broker.uncollectedBytes += bytes
  if (broker.uncollectedBytes < uncollectedBytesMax) return
  broker.uncollectedBytes = 0
  collectGarbage({ type: 'minor' })
}

/** Keeps the client's further requests in its own memory while `waiting` lasts. */
async function whilePaused<T>(socket: Socket, waiting: Promise<T>): Promise<T> {
  socket.pause()
  try {
    return await waiting
  } finally {
    socket.resume()
  }
}

/** Whether the client keeps up. `sent` is called when the bytes are no longer needed, also when the client is gone. */
function send(socket: Socket, chunks: readonly Buffer[], sent: () => void): boolean {
  const last = chunks.length - 1
  let room = true
  socket.cork()
  for (const [i, chunk] of chunks.entries()) room = socket.write(chunk, i === last ? sent : undefined)
  socket.uncork()
  return room
}

/** Waits until the client has taken in what it was sent, and counts that as outbound so long: Fetch gives less meanwhile. */
async function takenIn(socket: Socket, broker: BrokerState, signal: AbortSignal): Promise<void> {
  const bytes = socket.writableLength
  broker.outboundBytes += bytes
  try {
    await whilePaused(socket, drained(socket, signal))
  } finally {
    broker.outboundBytes -= bytes
  }
}

function drained(socket: Socket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    socket.on('drain', done)
    signal.addEventListener('abort', done)
  })
}

/** What a client may ask before it has said who it is. */
const beforeAuthentication = new Set([apiVersions.key, saslHandshake.key, saslAuthenticate.key])

type Answering = Buffer[] | null | Promise<Buffer[] | null>

/** The response's bytes, or null when none is due. Throws MalformedFrame for what no client of Kafka would send. */
function answer(broker: BrokerState, frame: Buffer, peer: Omit<Call, 'version' | 'clientId'>): Answering {
  if (peer.session.takesBareTokens) return answerToken(peer.session, frame)
  const { header, reader } = readRequestHeader(frame, (key) => broker.apis.get(key)?.flexibleSince)
  const { apiKey, version, clientId } = header
  const api = broker.apis.get(apiKey)
  const offered = api !== undefined && version >= api.versions[0] && version <= api.versions[1]
  if (!offered) return apiKey === apiVersions.key ? answerUnsupported(header) : refuse(header)
  if (!peer.session.isOpen && !beforeAuthentication.has(apiKey)) refuse(header)
  const request = readRequest(api, version, reader)
  const response = api.handle(broker, request, { version, clientId, ...peer })
  if (response instanceof Promise) return response.then((value) => encode(api, header, value))
  return encode(api, header, response)
}

/** Kafka closes the connection, too, on a token that proves nothing: without SaslAuthenticate it has no words for it. */
function answerToken(session: Session, token: Buffer): Buffer[] {
  const answer = session.step(token)
  if ('error' in answer) throw new MalformedFrame(answer.message)
  const length = Buffer.alloc(4)
  length.writeInt32BE(answer.bytes.length)
  return [length, answer.bytes]
}

function readRequest(api: Api, version: number, reader: Reader) {
  const request = api.requestCodec(version).read(reader)
  if (reader.remaining > 0) throw new MalformedFrame(`${reader.remaining} bytes follow the request`)
  return request
}

/** Kafka closes the connection on an API or a version that it does not announce, and on strangers where it knows users. */
function refuse({ apiKey, version }: RequestHeader): never {
  throw new MalformedFrame(`API ${apiKey} in version ${version} is not served here`)
}

function answerUnsupported(header: RequestHeader): Answering {
  return encode(apiVersions as unknown as Api, { ...header, version: 0 }, unsupportedApiVersions())
}

function encode(
  api: Api,
  header: RequestHeader,
  value: Parameters<ReturnType<Api['responseCodec']>['write']>[1] | null,
) {
  if (value === null) return null
  const flexibleHeader = header.version >= api.flexibleSince && api.key !== apiVersions.key
  const { writer, finish } = responseWriter(header.correlationId, flexibleHeader)
  api.responseCodec(header.version).write(writer, value)
  return finish()
}
