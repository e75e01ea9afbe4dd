// How long the embedded broker takes to start on a gigabyte: after a clean stop, after kill -9, and without its indexes.
//
// `npm run bench:broker-start [-- ROUNDS]` needs Linux and kcat. It prints wall time and CPU time of each start.
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endProcess, startBrokerProcess } from '../../local/broker/testing/broker-process.ts'
import { kcatProduce } from './broker-load.ts'
import { usage } from './usage.ts'

const rounds = Number(process.argv[2] ?? 3)
const records = 1_000_000
const value = 'x'.repeat(1_000)

const directory = mkdtempSync(join(tmpdir(), 'freshet-bench-'))
const dataDir = join(directory, 'data')
const linesFile = join(directory, 'lines')
const lines = `${value}\n`.repeat(records / 100)
for (let part = 0; part < 100; part++) appendFileSync(linesFile, lines)

type Ending = 'SIGTERM' | 'SIGKILL'

async function start(how: string, ending: Ending): Promise<void> {
  const startMs = performance.now()
  const { child } = await startBrokerProcess(dataDir)
  const readyMs = performance.now() - startMs
  console.log(`${how.padEnd(20)} ready ${readyMs.toFixed(0)} ms   CPU ${usage(child).cpuMs} ms`)
  await endProcess(child, ending)
}

function removeIndexes(): void {
  const files = readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
  for (const file of files.filter((name) => name.endsWith('.index'))) rmSync(join(dataDir, file))
}

try {
  const { child, bootstrap } = await startBrokerProcess(dataDir)
  await kcatProduce(bootstrap, 'large', records, linesFile)
  await endProcess(child, 'SIGKILL')
  for (let round = 1; round <= rounds; round++) {
    await start('after kill -9', 'SIGTERM')
    await start('after a clean stop', 'SIGKILL')
    removeIndexes()
    await start('without indexes', 'SIGKILL')
  }
} finally {
  rmSync(directory, { recursive: true })
}
