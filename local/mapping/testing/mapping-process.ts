// `npm run mapping` in a process of its own, as containers run it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Happening } from '../../event-source-mapping/happening.ts'
import { bundleEntry, root } from '../../runtime/bundle-entry.mjs'

export interface MappingProcess {
  child: ChildProcess
  /** What a probe is answered. */
  ask(path: '/ready' | '/live'): Promise<{ status: number; body: { reason: string; partitions: unknown[] } }>
  /** What it has written to `eventsFile` so far. */
  happenings(): Happening[]
  /** What it has written to its error output so far: the function's log, and the system log. */
  errors(): string
  /** Sends the signal, and answers with what it ended. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>
}

/**
 * Starts it and resolves when it answers probes.
 *
 * @throws Error with what it printed when it ends before
 */
export async function startMappingProcess(
  args: string[],
  { eventsFile, env = {} }: { eventsFile: string; env?: Record<string, string> },
): Promise<MappingProcess> {
  const entry = await bundleEntry('local/mapping/main.ts')
  const given = ['--health', '127.0.0.1:0', '--events', eventsFile, ...args]
  const child = spawn(process.execPath, [entry, ...given], { cwd: root, env: { ...process.env, ...env } })
  const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals)
  let printed = ''
  child.stderr.on('data', (chunk) => {
    printed += chunk
  })
  const address = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const [found] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? []
      if (found) resolve(found)
    })
    exited.then((how) => reject(new Error(`the mapping ended with ${how} before it answered\n${printed}`)))
  })
  return {
    child,
    async ask(path) {
      const answer = await fetch(`${address}${path}`)
      return { status: answer.status, body: (await answer.json()) as { reason: string; partitions: unknown[] } }
    },
    happenings: () =>
      readFileSync(eventsFile, 'utf8')
        .split('\n')
        // The last line may be half written when it is killed.
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    errors: () => printed,
    end(signal) {
      child.kill(signal)
      return exited
    },
  }
}
