// One Apache Kafka and one embedded broker for all comparisons; each script uses topics and groups of its own.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { endProcess, startBrokerProcess } from '../../local/broker/testing/broker-process.ts'
import { startApacheKafka } from './apache-kafka.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    apacheKafka: string
    embeddedBroker: string
  }
}

/** Starts both, and returns what stops them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-fidelity-'))
  const kafka = await startApacheKafka()
  const broker = await startBrokerProcess(directory)
  project.provide('apacheKafka', kafka.bootstrap)
  project.provide('embeddedBroker', broker.bootstrap)
  return async () => {
    await kafka.stop()
    await endProcess(broker.child, 'SIGTERM')
    rmSync(directory, { recursive: true, force: true })
  }
}
