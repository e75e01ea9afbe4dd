// Answers the probes of Kubernetes, Compose and whoever else looks after a process of ours.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Where probes are answered; port 0 is any free one. */
export interface HealthAddress {
  host: string
  port: number
}

export interface ProbeAnswer {
  status: number
  /** Said as JSON. */
  body: object
}

export interface ProbeServer {
  port: number
  close(): void
}

/**
 * Answers every request with what `answer` makes of it, and bounds what strangers can hold of the process.
 *
 * @throws the operating system's error when the address is not to be had
 */
export async function serveProbes(
  { host, port }: HealthAddress,
  answer: (request: IncomingMessage) => ProbeAnswer,
): Promise<ProbeServer> {
  const options = { requestTimeout: 5_000, headersTimeout: 5_000, keepAliveTimeout: 5_000, maxHeaderSize: 8_192 }
  const server = createServer(options, (request, response) => {
    const { status, body } = answer(request)
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    response.end(`${JSON.stringify(body)}\n`)
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
