import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { type RunningBroker, startBroker } from '../broker/broker.ts'
import { scripted } from '../event-source-mapping/testing/scripted.ts'
import { processesContract } from './processes.contract.ts'

let dataDir: string
let broker: RunningBroker

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'freshet-processes-'))
  broker = await startBroker({ dataDir, port: 0 })
})
afterAll(async () => {
  await broker.close()
  rmSync(dataDir, { recursive: true, force: true })
})

processesContract(
  scripted(() => broker.bootstrap),
  () => broker.bootstrap,
)
