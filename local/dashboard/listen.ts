// The API on a port of this machine, for this machine alone unless a token guards it.
import type { Server } from 'node:http'
import { hostname } from 'node:os'
import { createAdaptorServer } from '@hono/node-server'
import type { createApp } from '../../functions/api/app.ts'
import { checkExposure, isLoopback } from '../../functions/api/guard/access.ts'

export interface ListenOptions {
  /** The address to listen on; 0.0.0.0 and :: are all that this machine has. */
  address: string
  /** The first that is free is taken; 0 is any free one. */
  ports: number[]
  /** What the app asks for, if it does. */
  token: string | undefined
  limits?: ServerLimits
}

export interface ServerLimits {
  connectionsMax: number
  headerBytesMax: number
  /** How long a client may take to send its headers, and the whole request. */
  headersMsMax: number
  requestMsMax: number
  /** How long a connection may wait for its next request. */
  idleMsMax: number
}

export interface DashboardServer {
  port: number
  close(): Promise<void>
}

const serverLimits: ServerLimits = {
  connectionsMax: 1_000,
  headerBytesMax: 16 * 1024,
  headersMsMax: 10_000,
  requestMsMax: 30_000,
  idleMsMax: 5_000,
}

/** The names by which a server on this address may be called, `named` beside those it has anyway. */
export function hostNames(address: string, named: string[] = []): string[] {
  return isLoopback(address) ? ['localhost', ...named] : ['localhost', hostname(), address, ...named]
}

/**
 * Listens at the first of `ports` that is free.
 *
 * @throws PipelineError TOKEN_UNSET for an address that others reach; the operating system's error when no port is free
 */
export async function listen(app: ReturnType<typeof createApp>, options: ListenOptions): Promise<DashboardServer> {
  const { address, ports, token, limits = serverLimits } = options
  checkExposure(address, token)
  let last: unknown
  for (const port of ports) {
    const server = createServer(app, limits)
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, address, resolve)
      })
    } catch (error) {
      if ((error as { code?: string }).code !== 'EADDRINUSE') throw error
      last = error
      continue
    }
    return {
      port: (server.address() as { port: number }).port,
      close: () =>
        new Promise((resolve) => {
          server.close(() => resolve())
          // Open live streams never end by themselves.
          server.closeAllConnections()
        }),
    }
  }
  throw last
}

function createServer(app: ReturnType<typeof createApp>, limits: ServerLimits): Server {
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersMsMax,
      requestTimeout: limits.requestMsMax,
      keepAliveTimeout: limits.idleMsMax,
      connectionsCheckingInterval: Math.min(limits.headersMsMax, 5_000),
    },
  }) as Server
  server.maxConnections = limits.connectionsMax
  return server
}
