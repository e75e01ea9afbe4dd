import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { type BrokerProcess, endProcess, startBrokerProcess } from '../../local/broker/testing/broker-process.ts'
import { replicasContract } from './replicas.contract.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'freshet-replicas-broker-'))
let broker: BrokerProcess

beforeAll(async () => {
  broker = await startBrokerProcess(dataDir)
})
afterAll(async () => {
  await endProcess(broker.child, 'SIGTERM')
  rmSync(dataDir, { recursive: true, force: true })
})

replicasContract(() => broker.bootstrap)
