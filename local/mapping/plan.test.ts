import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { pipeline } from '../../infra/pipeline.ts'
import { readMappingOptions } from './options.ts'
import { planMapping } from './plan.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'freshet-plan-'))
  vi.stubEnv('KAFKA_BOOTSTRAP_SERVERS', undefined)
  vi.stubEnv('CONSUMER_GROUP_ID', undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

const plan = (...args: string[]) => planMapping(readMappingOptions(args), 0)

function file(json: object): string {
  const path = join(folder, 'mapping.json')
  writeFileSync(path, JSON.stringify(json))
  return path
}

const source = { SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['own:9092'] } }, Topics: ['orders'] }

it('takes function, limits and settings of a mapping of the pipeline from its description', () => {
  const { consumer } = pipeline.functions
  const { uuid, settings, function: described } = plan('--pipeline', 'analytics', '--brokers', 'a:1,b:2')
  expect(described).toEqual({
    name: 'consumer',
    handler: consumer.handler,
    timeoutMs: consumer.timeoutSeconds * 1_000,
    memoryMB: consumer.memoryMB,
  })
  expect(settings).toMatchObject({
    bootstrapServers: ['a:1', 'b:2'],
    topic: pipeline.shop.topic,
    consumerGroupId: pipeline.shop.group,
  })
  expect(plan('--pipeline', 'analytics', '--brokers', 'c:3').uuid).toBe(uuid)
})

it('takes Kafka and group from the environment where no option names them', () => {
  vi.stubEnv('KAFKA_BOOTSTRAP_SERVERS', 'env:1')
  vi.stubEnv('CONSUMER_GROUP_ID', 'env-group')
  const fromEnvironment = { bootstrapServers: ['env:1'], consumerGroupId: 'env-group' }
  expect(plan('--pipeline', 'analytics').settings).toMatchObject(fromEnvironment)
  const args = ['--mapping', file(source), '--handler', 'a.ts#b']
  expect(plan(...args).settings).toMatchObject(fromEnvironment)
  expect(plan(...args, '--brokers', 'option:1', '--group', 'g').settings).toMatchObject({
    bootstrapServers: ['option:1'],
    consumerGroupId: 'g',
  })
})

it("runs a file's mapping with its own Kafka, and its UUID as the group where it names none", () => {
  const {
    uuid,
    settings,
    function: given,
  } = plan(
    '--mapping',
    file({ ...source, FunctionName: 'arn:aws:lambda:us-east-1:123456789012:function:shop', Function: { Timeout: 3 } }),
    '--handler',
    'folder/file.ts#run',
  )
  expect(settings).toMatchObject({ bootstrapServers: ['own:9092'], consumerGroupId: uuid })
  expect(given).toEqual({ name: 'shop', handler: resolve('folder/file.run'), timeoutMs: 3_000, memoryMB: 512 })
})

it.each([
  ['no Kafka', ['--pipeline', 'analytics'], 'no Kafka is named'],
  ['an unknown mapping', ['--pipeline', 'x', '--brokers', 'a:1'], 'there is no such mapping'],
  [
    'a group id that Kafka mappings do not take',
    ['--pipeline', 'analytics', '--brokers', 'a:1', '--group', 'a b'],
    'ConsumerGroupId',
  ],
])('refuses %s', (_name, args, message) => {
  expect(() => plan(...args)).toThrow(message)
})

it('refuses a time-out that AWS does not allow with a Kafka mapping', () => {
  const path = file({ ...source, Function: { Timeout: 900 } })
  expect(() => plan('--mapping', path, '--handler', 'a.ts#b')).toThrow('at most 840 s')
})
