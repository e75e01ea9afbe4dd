// Stands between clients and a broker, passes everything on, and keeps each request with its response.
import { connect, createServer, type Server, type Socket } from 'node:net'
import { FrameReader } from '../../local/broker/protocol/frame.ts'

/** One exchange; frames without their four bytes of length. */
export interface Exchange {
  apiKey: number
  version: number
  request: Buffer
  response: Buffer
}

export interface RecordingProxy {
  port: number
  /** Where clients' bytes go; may be set after the start, since the broker has to be told the proxy's port first. */
  target: number
  exchanges: Exchange[]
  close(): void
}

export async function startRecordingProxy(): Promise<RecordingProxy> {
  const exchanges: Exchange[] = []
  const sockets = new Set<Socket>()
  const server: Server = createServer((client) => {
    const broker = connect(proxy.target, '127.0.0.1')
    for (const socket of [client, broker]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        broker.destroy()
      })
    }
    record(client, broker, exchanges)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const close = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  const proxy: RecordingProxy = { port, target: 0, exchanges, close }
  return proxy
}

/** Responses come in the order of the requests, so the oldest request with its correlation id is the right one. */
function record(client: Socket, broker: Socket, exchanges: Exchange[]): void {
  const waiting: Buffer[] = []
  frames(client, broker, (request) => waiting.push(Buffer.from(request)))
  frames(broker, client, (response) => {
    const at = waiting.findIndex((request) => request.readInt32BE(4) === response.readInt32BE(0))
    const [request] = at === -1 ? [] : waiting.splice(0, at + 1).slice(-1)
    if (!request) return
    const [apiKey, version] = [request.readInt16BE(0), request.readInt16BE(2)]
    exchanges.push({ apiKey, version, request, response: Buffer.from(response) })
  })
}

function frames(from: Socket, to: Socket, take: (frame: Buffer) => void): void {
  const reader = new FrameReader()
  from.on('data', (chunk) => {
    reader.push(chunk)
    for (let frame = reader.next(); frame !== null; frame = reader.next()) take(frame)
    to.write(chunk)
  })
}
