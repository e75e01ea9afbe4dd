// The embedded broker: speaks Kafka's protocol on loopback and keeps everything in one directory.
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { apis } from './api/table.ts'
import { BufferPool } from './buffer-pool.ts'
import { serve } from './connection.ts'
import { Coordinator } from './groups/coordinator.ts'
import { CommittedOffsets } from './groups/offsets.ts'
import { Housekeeping } from './housekeeping.ts'
import { parseConfigs } from './log/configs.ts'
import { Topics } from './log/topics.ts'
import { sayRarely } from './say-rarely.ts'
import type { BrokerState } from './state.ts'
import { disk } from './storage/disk.ts'
import { memoryStorage } from './storage/memory.ts'
import type { Storage } from './storage/storage.ts'
import { Transactions } from './transactions/coordinator.ts'

export interface BrokerOptions {
  /** Made when absent. Without one the broker keeps everything in memory, and it is gone with `close`. */
  dataDir?: string
  /** 0 takes any free one. */
  port: number
  /** The address to listen on, which is also the one that clients are told; 'localhost' means both of its families. */
  host?: string
  /** Created when absent. */
  topics?: { name: string; partitions: number; configs?: Record<string, string> }[]
  /** Partitions of topics that come into being on demand. */
  defaultPartitions?: number
  /** Acknowledge only what is on the disk, so that it survives a power failure too. */
  fsync?: boolean
  /** Between two looks for records to compact, in ms: 15,000, as Kafka's log.cleaner.backoff.ms. */
  cleanerBackoffMs?: number
  /** Names and passwords (SASL PLAIN, SCRAM-SHA-256, SCRAM-SHA-512); without them everybody may connect. */
  users?: Record<string, string>
  /** Where the files of `dataDir` are kept: the machine's disk, or without `dataDir` memory for 256 MB. */
  storage?: Storage
  /** Bytes of unfinished requests, and of answers that slow clients have not taken in, each: 256 MB. */
  bufferedBytesMax?: number
  /** A connection that does nothing for so long is closed, in ms: 10 minutes, as Kafka's connections.max.idle.ms. */
  idleMsMax?: number
  /** Gets a line for each thing a person should know. */
  log?: (line: string) => void
  /** Milliseconds since 1970. */
  clock?: { now(): number }
}

/**
 * Our choice: Kafka bounds requests by queued.max.request.bytes and lets clients wait, and sends answers from its files.
 * Here the client whose request exceeds the bound is closed, and tries again; and a fetch gets a batch and no more.
 */
const defaultBufferedBytesMax = 256 * 1024 * 1024

const defaultIdleMsMax = 10 * 60 * 1000

export interface RunningBroker {
  port: number
  /** `host:port`, as clients take it. */
  bootstrap: string
  /** Ends every connection, and returns when the port and the files are free. Calling it again changes nothing. */
  close(): Promise<void>
}

/**
 * Starts a broker. It listens first and opens its files then, so that a taken port leaves the directory untouched.
 *
 * @throws the operating system's EADDRINUSE; PipelineError DATA_DIRECTORY_IN_USE, or LOG_CORRUPT naming a damaged file
 * @example const { bootstrap, close } = await startBroker({ dataDir, port: 0, topics: [{ name: 'events', partitions: 3 }] })
 */
export async function startBroker(options: BrokerOptions): Promise<RunningBroker> {
  const host = options.host ?? 'localhost'
  const sockets = new Set<Socket>()
  let state: BrokerState | null = null
  let held: { release(): void } | null = null
  const { dataDir = 'memory', storage = options.dataDir === undefined ? memoryStorage() : disk } = options
  let housekeeping: Housekeeping | undefined
  const accept = (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    if (state) serve(socket, state)
    else socket.destroy()
  }
  const { servers, port } = await listen(host, options.port, accept)
  const stop = async () => {
    state?.coordinator.close()
    for (const socket of sockets) socket.destroy()
    await Promise.all(servers.map(closed))
    state?.transactions.close()
    state?.topics.close()
    await housekeeping?.close()
    state?.offsets.close()
    held?.release()
  }
  let stopping: Promise<void> | undefined
  const close = () => {
    stopping ??= stop()
    return stopping
  }
  try {
    held = storage.hold(dataDir)
    state = open({ ...options, host, port, dataDir, storage })
    housekeeping = new Housekeeping(state, options.cleanerBackoffMs)
  } catch (error) {
    await close()
    throw error
  }
  return { port, bootstrap: `${host}:${port}`, close }
}

function open(options: BrokerOptions & Required<Pick<BrokerOptions, 'dataDir' | 'storage' | 'host'>>): BrokerState {
  const { storage, dataDir, host, port } = options
  const { defaultPartitions = 1, clock = Date, fsync = false } = options
  const now = () => clock.now()
  const say = sayRarely(options.log ?? (() => {}), now)
  const topics = new Topics(storage, dataDir, say)
  const place = (name: string) => ({ storage, file: join(dataDir, name), say, fsync })
  const offsets = new CommittedOffsets(place('offsets.log'))
  for (const { name, partitions, configs = {} } of options.topics ?? []) {
    if (!topics.named(name)) topics.create(name, partitions, parseConfigs(Object.entries(configs)))
  }
  const transactions = new Transactions({ ...place('transactions.log'), topics, offsets, now })
  return {
    apis,
    host,
    port,
    topics,
    offsets,
    transactions,
    coordinator: new Coordinator(),
    defaultPartitions,
    fsync,
    users: options.users ? new Map(Object.entries(options.users)) : null,
    idleMsMax: options.idleMsMax ?? defaultIdleMsMax,
    bufferedBytesMax: options.bufferedBytesMax ?? defaultBufferedBytesMax,
    inboundBytes: 0,
    uncollectedBytes: 0,
    outboundBytes: 0,
    buffers: new BufferPool(),
    now,
    say,
  }
}

/**
 * Listens on `host`. 'localhost' has two addresses, and librdkafka tries ::1 first: both are served on the same port,
 * or 127.0.0.1 alone where the machine has no IPv6.
 */
async function listen(
  host: string,
  port: number,
  accept: (socket: Socket) => void,
): Promise<{ servers: Server[]; port: number }> {
  if (host !== 'localhost') {
    const server = await listenOn(host, port, accept)
    return { servers: [server], port: portOf(server) }
  }
  for (let attempt = 1; ; attempt++) {
    const four = await listenOn('127.0.0.1', port, accept)
    try {
      return { servers: [four, await listenOn('::1', portOf(four), accept)], port: portOf(four) }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') return { servers: [four], port: portOf(four) }
      await closed(four)
      // A port that was free on one address may be taken on the other: when any will do, another is tried.
      if (code !== 'EADDRINUSE' || port !== 0 || attempt === 10) throw error
    }
  }
}

function listenOn(host: string, port: number, accept: (socket: Socket) => void): Promise<Server> {
  const server = createServer(accept)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve(server)
    })
  })
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('The server does not listen on a port')
  return address.port
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}
