// What several processes of one mapping do together, on any Kafka.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { numbers, type Scripted } from '../event-source-mapping/testing/scripted.ts'
import { type MappingProcess, startMappingProcess } from './testing/mapping-process.ts'

const settings = {
  // The environment's brokers are read in its place.
  SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['nobody-listens-here:1'] } },
  StartingPosition: 'TRIM_HORIZON',
  BatchSize: 10,
  ProvisionedPollerConfig: {},
  LoggingConfig: { SystemLogLevel: 'INFO' },
}

/** Registers the tests; `on` is what `scripted` answered for the Kafka in question. */
export function processesContract(on: Scripted, bootstrap: () => string): void {
  let folder: string
  let processes: MappingProcess[] = []
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'freshet-processes-'))
  })
  afterEach(async () => {
    await Promise.all(processes.map((one) => one.end('SIGKILL')))
    processes = []
    rmSync(folder, { recursive: true, force: true })
  })

  async function start(name: string): Promise<MappingProcess> {
    const file = join(folder, 'mapping.json')
    writeFileSync(file, JSON.stringify({ ...settings, Topics: [on.topic] }))
    const handler = 'local/mapping/fixtures/slow-writer.ts#handler'
    const args = ['--mapping', file, '--handler', handler, '--data', join(folder, name)]
    const env = {
      KAFKA_BOOTSTRAP_SERVERS: bootstrap(),
      CONSUMER_GROUP_ID: `group-of-${on.topic}`,
      HANDLED_FILE: join(folder, 'handled'),
    }
    const started = await startMappingProcess(args, { eventsFile: join(folder, `${name}.ndjson`), env })
    processes.push(started)
    return started
  }

  it('share its partitions; when one is killed in the middle of a batch, the others take over and nothing is skipped', async () => {
    writeFileSync(join(folder, 'handled'), '')
    const [victim, survivor] = await Promise.all([start('victim'), start('survivor')])
    const counts = async () => {
      const answers = await Promise.all([victim.ask('/ready'), survivor.ask('/ready')])
      return answers.map(({ status, body }) => (status === 200 ? body.partitions.length : -1))
    }
    await on.until(async () => [(await counts()).sort()].join() === '1,2')
    await Promise.all([0, 1, 2].map((partition) => on.produce(partition, numbers(1, 100))))
    const isAtWork = () => {
      const told = victim.happenings()
      return (
        told.some(({ type }) => type === 'result') &&
        told.findLast(({ type }) => /^(invoke|result)$/.test(type))?.type === 'invoke'
      )
    }
    await on.until(isAtWork)
    expect(await victim.end('SIGKILL')).toBe('SIGKILL')
    await on.until(async () => (await on.committed()).join() === '100,100,100')
    const handled = new Set(readFileSync(join(folder, 'handled'), 'utf8').trim().split('\n'))
    expect(handled.size).toBe(300)
    expect(await survivor.ask('/ready')).toMatchObject({ status: 200, body: { partitions: [{}, {}, {}] } })
    expect(await survivor.ask('/live')).toMatchObject({ status: 200 })
    expect(await survivor.end('SIGTERM')).toBe(0)
    const logged = survivor.errors().match(/^{"eventType".*$/gm) ?? []
    expect(JSON.parse(logged.at(-1) ?? '')).toMatchObject({
      eventType: 'POLLER_STATUS_EVENT',
      kafkaEventSourceConnection: { totalPartitionCount: 3, assignedPartitionCount: 3 },
    })
  })
}
