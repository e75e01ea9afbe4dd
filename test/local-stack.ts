// The local stack as its user starts it: `npm run local` in a process of its own, on free ports and a fresh folder.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from '../local/runtime/bundle-entry.mjs'

export interface LocalStack {
  dashboard: string
  kafka: string
  process: ChildProcess
  /** An answer of the API, parsed. */
  get<Answer>(path: string): Promise<Answer>
  /** Ends it as Ctrl-C does, and answers the exit code. */
  stop(): Promise<number | null>
  /** Ends it as a power cut of the process would. */
  kill(): Promise<void>
}

export const freshDirectory = () => mkdtempSync(join(tmpdir(), 'freshet-'))

/**
 * Starts the stack and waits for its `ready` line. Ports are free ones unless `args` names others; `project` is this one
 * unless it is a copy of it.
 */
export async function startLocalStack(directory: string, args: string[] = [], project = root): Promise<LocalStack> {
  const given = ['--json', '--data', directory, '--port', '0', '--kafka-port', '0', ...args]
  const child = spawn(process.execPath, ['local/run.mjs', 'local/main.ts', ...given], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stderr.on('data', (chunk) => {
    output += chunk
  })
  const ready = new Promise<{ dashboard: string; kafka: string }>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const told = JSON.parse(line)
      if (told.event === 'ready') resolve(told)
      else if (told.event === 'failed' || told.event === 'fatal') output += `${line}\n`
    })
    child.once('exit', (code) => reject(new Error(`the stack ended with ${code} before it was ready\n${output}`)))
  })
  const { dashboard, kafka } = await ready
  return {
    dashboard,
    kafka,
    process: child,
    async get(path) {
      const response = await fetch(`${dashboard}${path}`)
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
      return (await response.json()) as never
    },
    async stop() {
      child.kill('SIGINT')
      if (child.exitCode === null) await once(child, 'exit')
      return child.exitCode
    },
    async kill() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

/** Waits until `probe` answers something; asks every 20 ms and gives up with `what` after a while. */
export async function eventually<Answer>(
  what: string,
  probe: () => Promise<Answer | undefined | false | null>,
  withinMs = 15_000,
): Promise<Answer> {
  const deadline = Date.now() + withinMs
  let last: unknown
  for (;;) {
    try {
      const answer = await probe()
      if (answer) return answer
    } catch (error) {
      last = error
    }
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`, { cause: last })
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
