// The command `npm run broker` in a process of its own, for tests that kill it and measurements that compare it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { bundleEntry } from '../../runtime/bundle-entry.mjs'

export interface BrokerProcess {
  child: ChildProcess
  port: number
  bootstrap: string
}

/**
 * Starts the broker and resolves when it says that it is ready. The caller ends `child`.
 *
 * @throws Error with what it printed when it ends before
 */
export async function startBrokerProcess(dataDir: string, port = 0, args: string[] = []): Promise<BrokerProcess> {
  const entry = await bundleEntry('local/broker/main.ts')
  const child = spawn(process.execPath, [entry, '--port', String(port), '--data', dataDir, ...args])
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the broker ended with ${code} before it was ready\n${said}`)
  })
  const [line] = (await Promise.race([once(child.stdout, 'data'), ended])) as [Buffer]
  ended.catch(() => {})
  const bootstrap = /localhost:\d+/.exec(line.toString())?.[0] ?? ''
  return { child, port: Number(bootstrap.split(':')[1]), bootstrap }
}

/** Sends the signal and waits for the end. */
export async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  await once(child, 'exit')
}
