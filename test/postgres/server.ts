// A Postgres server of the tests' own, in a temporary folder on a free port of the loopback interface.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** postgres://user@127.0.0.1:port/database */
    postgresUrl: string
  }
}

/** Where Debian and Ubuntu put what they install; `initdb` is not on the path there. */
const installed = '/usr/lib/postgresql'
const startMsMax = 30_000

export interface PostgresServer {
  /** postgres://user@127.0.0.1:port/database */
  url: string
  child: ChildProcess
  /** Ends it and deletes its data. */
  stop(): Promise<void>
}

/** Runs once before all test files, and what it returns runs after them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgresServer()
  project.provide('postgresUrl', server.url)
  return server.stop
}

/** `waitsForDisk`: as a server does that people rely on. Tests are not about power cuts, and waiting is most of the time. */
export async function startPostgresServer({ waitsForDisk = false } = {}): Promise<PostgresServer> {
  const programs = findPrograms()
  const folder = mkdtempSync(join(tmpdir(), 'freshet-postgres-'))
  const user = serverUser()
  if (user) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  execFileSync(join(programs, 'initdb'), ['-D', data, '-U', 'freshet', '-A', 'trust', '-E', 'UTF8', '--no-sync'], {
    ...user,
    cwd: folder,
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const port = await freePort()
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: folder,
    fsync: waitsForDisk ? 'on' : 'off',
    max_connections: 60,
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawn(join(programs, 'postgres'), ['-D', data, ...options], {
    ...user,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  const url = `postgres://freshet@127.0.0.1:${port}/postgres`
  await answers(url, child)
  return {
    url,
    child,
    async stop() {
      // Fast shutdown: connections are ended, then the server. https://www.postgresql.org/docs/current/server-shutdown.html
      child.kill('SIGINT')
      if (child.exitCode === null) await once(child, 'exit')
      rmSync(folder, { recursive: true })
    },
  }
}

export function findPrograms(): string {
  const versions = existsSync(installed) ? readdirSync(installed).sort((a, b) => Number(b) - Number(a)) : []
  const found = versions
    .map((version) => join(installed, version, 'bin'))
    .find((bin) => existsSync(join(bin, 'initdb')))
  if (found) return found
  throw new Error(
    `These tests need a Postgres server, and there is none in ${installed}. Run: apt-get install -y postgresql`,
  )
}

/** Postgres refuses to run as root; the package has made a user for it. */
export function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function answers(url: string, server: ChildProcess): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += 50) {
    const client = new pg.Client(url)
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      if (server.exitCode !== null || waitedMs > startMsMax) throw error
      await sleep(50)
    }
  }
}
