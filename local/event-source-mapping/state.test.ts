import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { Dispatcher } from './dispatch.ts'
import { dispatcherOptions } from './dispatch-options.ts'
import { noMetrics } from './metrics.ts'
import { parseSettings } from './settings.ts'
import { stateOf } from './state.ts'

const settings = parseSettings(
  {
    SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['localhost:9092'] } },
    Topics: ['t'],
    BatchSize: 10,
    MaximumBatchingWindowInSeconds: 2,
    BisectBatchOnFunctionError: true,
    MaximumRetryAttempts: 0,
    ProvisionedPollerConfig: { MinimumPollers: 3 },
    DestinationConfig: { OnFailure: { Destination: 'kafka://failures' } },
  },
  'a-uuid',
)
const failed = { kind: 'function-error', errorType: 'Error', errorMessage: 'no' } as const
const backoff = { min: 100, max: 100 }
const record = (offset: number) => ({ offset, arrivedMs: 50, timestamp: '0', json: '{}', unfit: null })

function begun(records: number) {
  const stage = { concurrency: () => 5, epochMs: 1_000_000, bytesMax: 1_000, backoff }
  const dispatcher = new Dispatcher(dispatcherOptions(settings, stage), () => {})
  dispatcher.assign([0], false)
  dispatcher.begin({ partition: 0, offset: 0, committed: 0, isFleeting: false })
  const arrived = Array.from({ length: records }, (_, offset) => record(offset))
  dispatcher.arrive({ partition: 0, fetchedOffset: 0, nextOffset: records, endOffset: 20, records: arrived })
  const membership = { joined: true, turnedAt: 1, error: null }
  const look = () => {
    const parts = { uuid: 'a-uuid', settings, membership, pollers: 3, dispatcher, counts: noMetrics, givenUp: [] }
    return stateOf({ ...parts, epochMs: 1_000_000 })
  }
  return { dispatcher, look, partition: () => look().partitions[0] }
}

it('shows how full the next batch is, and when its window ends', () => {
  const { look, partition } = begun(4)
  expect(partition()).toMatchObject({
    phase: 'idle',
    buffered: 4,
    windowEndsAt: 1_002_050,
    batch: null,
    committedOffset: 0,
    nextOffset: 4,
    endOffset: 20,
    lag: 20,
  })
  expect(look()).toMatchObject({
    limits: { records: 10, windowMs: 2_000 },
    lag: 20,
    pollers: 3,
    onFailure: { destination: 'kafka://failures', retriesMax: 0, recordAgeMsMax: null, bisects: true },
    metrics: { ProvisionedPollers: 3, EventPollerUnit: 1 },
  })
})

it('shows a running batch, its countdown after a failure, and the tree that cutting it makes', () => {
  const { dispatcher, partition } = begun(4)
  const [batch] = dispatcher.turn(2_100).invoke
  if (!batch) throw new Error('no batch was due')
  expect(partition()).toMatchObject({ phase: 'running', batch: 1, attempt: 1, inFlight: 4, startedAt: 1_002_100 })
  dispatcher.answer(batch, failed, 2_200)
  expect(partition()).toMatchObject({
    phase: 'waiting',
    startedAt: null,
    nextAttemptAt: 1_002_300,
    lastError: 'Error: no',
    bisect: [
      { path: '0', count: 2, depth: 1 },
      { path: '1', count: 2 },
    ],
    bisectDone: [],
  })
  dispatcher.turn(2_300)
  dispatcher.answer(batch, failed, 2_310)
  dispatcher.turn(2_410)
  dispatcher.answer(batch, { kind: 'ok', payload: 'null' }, 2_420)
  expect(partition()).toMatchObject({
    offset: 1,
    bisect: [
      { path: '01', count: 1 },
      { path: '1', count: 2 },
    ],
    bisectDone: [{ path: '00', count: 1, gaveUp: null }],
  })
  dispatcher.turn(2_420)
  dispatcher.answer(batch, failed, 2_430)
  expect(dispatcher.turn(2_440).deliver).toEqual([batch])
  expect(partition()).toMatchObject({ phase: 'delivering', giveUp: 'RetryAttemptsExhausted' })
  dispatcher.delivered(batch, { destination: 'kafka://failures' }, 2_450)
  expect(partition()?.bisectDone).toEqual([
    { path: '00', count: 1, gaveUp: null },
    { path: '01', count: 1, gaveUp: 'RetryAttemptsExhausted' },
  ])
})

it('has every field on the page about it', () => {
  const page = readFileSync(new URL('../../docs/event-source-mapping.md', import.meta.url), 'utf8')
  const [, section = ''] = page.split('### The inspector')
  const { consumerGroupId: _shownAsGroup, ...state } = begun(1).look()
  const { topic: _its, partition: _number, ...partition } = state.partitions[0] ?? {}
  const fields = [...Object.keys(state), ...Object.keys(partition), ...Object.keys(state.onFailure)]
  expect(fields.filter((name) => !new RegExp(`[\`.]${name}\``).test(section))).toEqual(['partitions'])
})
