// Directories and brokers that a test has for itself and that are gone when it ends.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type BrokerOptions, type RunningBroker, startBroker } from '../broker.ts'

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-broker-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A broker on a free port, in a directory of its own unless one is given. */
export async function temporaryBroker(options: Partial<BrokerOptions> = {}): Promise<RunningBroker> {
  const broker = await startBroker({ dataDir: options.dataDir ?? temporaryDirectory(), port: 0, ...options })
  onTestFinished(() => broker.close())
  return broker
}
