// Runs the services of docker-compose.yml as processes of this machine: their commands, environments, order and checks.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../postgres/server.ts'
import type { ComposeFile, ComposeService } from '../targets/read-compose.ts'
import type { Image } from './image.ts'
import { kafkaHealthy, startKafka } from './kafka.ts'
import { postgresHealthy, startPostgres } from './postgres.ts'
import { type Places, translate } from './translate.ts'

/** Generous for a busy machine; each waits for a condition. */
const startMsMax = 300_000

export interface Service {
  name: string
  /** Everything it has printed. */
  output(): string
  /** Its exit code, or the signal that ended it. */
  ended: Promise<number | string>
  isRunning(): boolean
  signal(signal: NodeJS.Signals): void
}

export interface Stack {
  services: Map<string, Service>
  /** The port here of a service's port. */
  port(service: string, port: number): number
  /** Starts a service once more, as `docker compose up` does with one that has ended. */
  again(name: string): Promise<Service>
  stop(): Promise<void>
}

/** Starts every service when what it depends on is as the file asks; returns when all of them are healthy. */
export async function startStack(file: ComposeFile, image: Image, folder: string): Promise<Stack> {
  const places = await makePlaces(file, folder)
  const services = new Map<string, Service>()
  const ready = new Map<string, Promise<void>>()
  /** What is on its way up ends as soon as it is there. */
  let failed = false

  function start(name: string): Promise<Service> {
    const service = file.services[name] as ComposeService
    const environment = translated(service.environment ?? {}, name, places)
    if (name === 'kafka') return startKafka(environment)
    if (name === 'postgres') return startPostgres(environment, places.ports.get('postgres:5432') as number, folder)
    return startOurs(name, service, { image, environment, places })
  }

  async function bring(name: string): Promise<void> {
    const { depends_on = {}, healthcheck } = file.services[name] as ComposeService
    for (const other of Object.keys(depends_on)) await ready.get(other)
    const service = await start(name)
    services.set(name, service)
    if (failed) service.signal('SIGKILL')
    if (!healthcheck) {
      const code = await service.ended
      if (code !== 0) throw new Error(`${name} ended with ${code}\n${service.output()}`)
    } else await healthy(service, healthcheck.test, { image, places })
  }

  for (const name of inOrder(file)) {
    const started = bring(name)
    // Whoever waits for it is told; so is whoever waits for all.
    started.catch(() => {})
    ready.set(name, started)
  }
  const stack: Stack = {
    services,
    port: (service, port) => places.ports.get(`${service}:${port}`) as number,
    again: start,
    async stop() {
      const last = [...services.values()].reverse()
      for (const service of last) service.signal(service.name === 'postgres' ? 'SIGINT' : 'SIGKILL')
      await Promise.all(last.map(({ ended }) => ended))
    },
  }
  try {
    await Promise.all(ready.values())
  } catch (error) {
    failed = true
    await stack.stop()
    await Promise.allSettled(ready.values())
    throw error
  }
  return stack
}

/** A service after all that it depends on. */
function inOrder({ services }: ComposeFile): string[] {
  const ordered: string[] = []
  const visit = (name: string) => {
    if (ordered.includes(name)) return
    for (const other of Object.keys(services[name]?.depends_on ?? {})) visit(other)
    ordered.push(name)
  }
  for (const name of Object.keys(services)) visit(name)
  return ordered
}

async function makePlaces(file: ComposeFile, folder: string): Promise<Places> {
  const ports = new Map<string, number>()
  const inside = Object.keys(file.services).map((name) => `${name}:8080`)
  for (const place of [...inside, 'dashboard:4000', 'kafka:9092', 'kafka:29092', 'kafka:29093', 'postgres:5432']) {
    ports.set(place, await freePort())
  }
  const folders = new Map([
    ['/secrets/own', join(folder, 'own')],
    ['/secrets/database', join(folder, 'database')],
    ['/var/lib/kafka/data', join(folder, 'kafka')],
    ['/tmp/freshet', join(folder, 'scratch')],
  ])
  chmodSync(folder, 0o755)
  for (const path of folders.values()) {
    mkdirSync(path)
    // The image gives its volumes to its user; the others take theirs for themselves.
    if (isRoot()) chownSync(path, user, user)
  }
  return { ports, folders }
}

const user = 10001
const isRoot = () => process.getuid?.() === 0

const translated = (values: Record<string, string>, name: string, places: Places): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, translate(value, name, places)]))

interface Ours {
  image: Image
  environment: Record<string, string>
  places: Places
}

async function startOurs(
  name: string,
  { command = [] }: ComposeService,
  { image, environment, places }: Ours,
): Promise<Service> {
  const [program, ...entry] = image.entrypoint
  const args = command.map((arg) => translate(arg, name, places))
  const port = args.indexOf('--port')
  if (port > 0) args[port + 1] = String(places.ports.get(`${name}:${args[port + 1]}`))
  const hosts = args.map((arg) => (arg === '0.0.0.0' ? '127.0.0.1' : arg))
  const child = spawn(program === 'node' ? process.execPath : (program as string), [...entry, ...hosts], {
    cwd: image.directory,
    env: { PATH: process.env.PATH, ...image.environment, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own folder is not its user's to write to, as with a read-only file system.
    ...(isRoot() && { uid: user, gid: user }),
  })
  return serviceOf(name, child)
}

/** What is asked of a child process here. */
export function serviceOf(name: string, child: ChildProcess): Service {
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      printed += chunk
    })
  }
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string)
  return {
    name,
    output: () => printed,
    ended,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    signal: (signal) => void child.kill(signal),
  }
}

async function healthy(
  service: Service,
  test: string[],
  { image, places }: { image: Image; places: Places },
): Promise<void> {
  const [, program = '', ...args] = test.map((part) => translate(part, service.name, places))
  const check = () => {
    if (service.name === 'kafka') return kafkaHealthy(args)
    if (service.name === 'postgres')
      return postgresHealthy(program, [...args, `--port=${places.ports.get('postgres:5432')}`])
    return succeeds(process.execPath, args, image.directory)
  }
  for (const deadline = Date.now() + startMsMax; ; await sleep(200)) {
    if (await check()) return
    if (service.isRunning() && Date.now() < deadline) continue
    throw new Error(`${service.name} does not become healthy\n${service.output()}`)
  }
}

export function succeeds(program: string, args: string[], cwd?: string): Promise<boolean> {
  return new Promise((done) => {
    execFile(program, args, { cwd }, (error) => done(error === null))
  })
}
