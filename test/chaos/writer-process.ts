// Processes that write to one store, and what a test needs to kill them at the right moment.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { root } from '../../local/runtime/bundle-entry.mjs'

export function startWriter(url: string, seed: number): ChildProcess {
  return spawn(process.execPath, ['local/run.mjs', 'test/chaos/store-writer.ts', url, String(seed)], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
}

/** Settles when as many commits were noticed. */
export async function commits(onCommit: (listener: () => void) => () => void, count: number): Promise<void> {
  await new Promise<void>((resolve) => {
    let seen = 0
    const stop = onCommit(() => {
      if (++seen < count) return
      stop()
      resolve()
    })
  })
}

export async function exitCode(writer: ChildProcess): Promise<number | null> {
  if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit')
  return writer.exitCode
}
