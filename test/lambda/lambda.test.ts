// Every handler in Lambda's shape: its bundle alone in a folder, Lambda's own environment, Lambda's versions of Node.
import { spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { bundling } from '../../infra/aws/bundling.ts'
import { pipelineEnvironment } from '../../infra/environment.ts'
import { type FunctionDescription, pipeline } from '../../infra/pipeline.ts'
import { type RunningBroker, startBroker } from '../../local/broker/broker.ts'
import { root } from '../../local/runtime/bundle-entry.mjs'
import { type Built, buildHandler } from '../infra/graph/build-handler.ts'
import { nodeProgram, versions } from './node-versions.ts'
import { type SecretsManager, startSecretsManager } from './secrets-manager.ts'

const topics: Record<string, { partitions: number }> = pipeline.topics
const bundleBytesMax = 3_000_000
/** Of CPU, which does not depend on what else the machine does. */
const initMsMax = 300
/** The quickest of these counts. */
const initTries = 5

const described = Object.entries(pipeline.functions) as [string, FunctionDescription][]
const token = 'a-token-of-the-tests-own'
const folder = mkdtempSync(join(tmpdir(), 'freshet-lambda-'))
const bundles = new Map<string, Built>()
let broker: RunningBroker
let secrets: SecretsManager

beforeAll(async () => {
  secrets = await startSecretsManager({
    API_TOKEN: token,
    STORE_URL: `${inject('postgresUrl')}?schema=lambda_${process.pid}`,
  })
  broker = await startBroker({ dataDir: join(folder, 'kafka'), port: 0, host: '127.0.0.1', topics: [] })
  copyFileSync(join(root, 'test/lambda/invoke-bundle.mjs'), join(folder, 'invoke-bundle.mjs'))
  for (const [name, { handler }] of described) {
    const request = { functionID: name, handler, runtime: 'nodejs24.x', properties: bundling }
    const { built, answer } = await buildHandler(request)
    if (!built) throw new Error(answer.errors.join('\n'))
    bundles.set(name, { ...built, file: join(folder, `${name}.mjs`) })
    copyFileSync(built.file, join(folder, `${name}.mjs`))
  }
})

afterAll(async () => {
  await broker.close()
  secrets.close()
  rmSync(folder, { recursive: true })
})

const least = (values: number[]) => Math.round(Math.min(...values))

const bundleOf = (name: string) => {
  const found = bundles.get(name)
  if (!found) throw new Error(`no bundle of ${name}`)
  return found
}

/** Lambda's own variables, the description's and the stage's; nothing of the machine's. */
function environmentOf(name: string): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin/:/bin',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    AWS_REGION: 'ap-southeast-2',
    AWS_LAMBDA_FUNCTION_NAME: name,
    LAMBDA_TASK_ROOT: folder,
    ...pipelineEnvironment(),
    METRICS_NAMESPACE: 'freshet/test',
    KAFKA_BOOTSTRAP_SERVERS: broker.bootstrap,
    ...secrets.variables,
  }
}

interface Ran {
  initMs: number
  initCpuMs: number
  // biome-ignore lint/suspicious/noExplicitAny: each handler answers in its own way.
  answer: any
  out: string
}

async function run(program: string, name: string, event?: object): Promise<Ran> {
  const { file, handler } = bundleOf(name)
  const args = [join(folder, 'invoke-bundle.mjs'), file, handler.split('.').at(-1) as string]
  const child = spawn(program, event ? [...args, JSON.stringify(event)] : args, {
    cwd: folder,
    env: environmentOf(name),
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const [out, err, answer] = await Promise.all(
    [child.stdout, child.stderr, child.stdio[3] as Readable].map((stream) => text(stream as Readable)),
  )
  if (!answer) throw new Error(`${name} ended without an answer\n${err}`)
  return { ...JSON.parse(answer), out: out ?? '' }
}

it.each(described)('%s is one small file without anything native', (name) => {
  const { bytes, file, inputs } = bundleOf(name)
  console.log(`${name.padEnd(12)} ${(bytes / 1e6).toFixed(2)} MB`)
  expect(bytes).toBeLessThan(bundleBytesMax)
  expect(inputs.filter((input) => /better-sqlite3|\.node$/.test(input))).toEqual([])
  const imported = [...readFileSync(file, 'utf8').matchAll(/(?:^|;)import[^;]*?from"([^"]+)"/g)].map(([, from]) => from)
  expect(imported.length).toBeGreaterThan(0)
  expect(imported.filter((from) => !builtinModules.includes((from as string).replace(/^node:/, '')))).toEqual([])
})

const postRequest = (path: string, body: string) => ({
  version: '2.0',
  rawPath: path,
  rawQueryString: '',
  // CloudFront signs what it asks in the header that a bearer token would stand in.
  headers: {
    host: 'api.example',
    authorization: 'AWS4-HMAC-SHA256 Credential=CLOUDFRONT',
    'x-freshet-token': token,
    'content-type': 'application/json',
  },
  requestContext: { http: { method: 'POST', path, sourceIp: '192.0.2.1' }, domainName: 'api.example' },
  body,
  isBase64Encoded: false,
})
const getRequest = (path: string) => {
  const { body: _, ...request } = postRequest(path, '')
  return {
    ...request,
    requestContext: { ...request.requestContext, http: { method: 'GET', path, sourceIp: '192.0.2.1' } },
  }
}

describe.each(versions)('Node %s', (version) => {
  let program = ''
  beforeAll(async () => {
    program = await nodeProgram(version)
  })

  it.each(described)('%s starts soon', async (name) => {
    const starts: Ran[] = []
    for (let attempt = 0; attempt < initTries; attempt++) starts.push(await run(program, name))
    const [initMs, initCpuMs] = [least(starts.map((one) => one.initMs)), least(starts.map((one) => one.initCpuMs))]
    console.log(`Node ${version}  ${name.padEnd(12)} ${initMs} ms, ${initCpuMs} ms of CPU`)
    expect(initCpuMs).toBeLessThan(initMsMax)
  })

  it('runs the pipeline: a deploy, events, a batch, a sampling, a request', async () => {
    expect((await run(program, 'migrate', {})).answer).toHaveProperty('made')
    const id = `lambda-${version}`
    const event = { event_id: id, event_type: 'view', user_id: 2000, amount: 1, timestamp: '2026-05-01T12:00:00' }
    const posted = await run(program, 'api', postRequest('/api/events', JSON.stringify(event)))
    expect(JSON.parse(posted.answer.body)).toMatchObject({ accepted: 1 })
    const batch = {
      eventSource: 'SelfManagedKafka',
      bootstrapServers: broker.bootstrap,
      records: {
        'retail-events-0': [
          {
            topic: 'retail-events',
            partition: 0,
            offset: Number(version),
            timestamp: Date.UTC(2026, 4, 1, 12),
            timestampType: 'CREATE_TIME',
            key: btoa('2000'),
            value: btoa(JSON.stringify(event)),
            headers: [],
          },
        ],
      },
    }
    expect((await run(program, 'consumer', batch)).answer).toMatchObject({ batchItemFailures: [], stored: 1 })
    const sampled = await run(program, 'lag', {})
    // Of each mapping's topic every partition.
    const sampledPartitions = pipeline.mappings.map(({ settings }) => topics[settings.Topics[0]]?.partitions ?? 0)
    expect(sampled.answer).toMatchObject({ samples: sampledPartitions.reduce((sum, count) => sum + count, 0) })
    expect(JSON.parse(sampled.out)).toMatchObject({ Group: pipeline.shop.group, ErrorRate: 0 })
    const summary = await run(program, 'api', getRequest('/api/summary'))
    expect(JSON.parse(summary.answer.body)).toMatchObject({ events: expect.any(Number), balanced: expect.anything() })
    const stranger = getRequest('/api/summary')
    stranger.headers['x-freshet-token'] = 'a-token-of-a-stranger'
    expect((await run(program, 'api', stranger)).answer).toMatchObject({ statusCode: 401 })
  })
})
