// Apache Kafka's own command line tools.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, inject, it } from 'vitest'
import { javaTool } from './apache-kafka.ts'
import { seenOnBoth } from './both.ts'
import { lines } from './programs.ts'

const topicsTool = 'org.apache.kafka.tools.TopicCommand'
const producerTool = 'org.apache.kafka.tools.ConsoleProducer'
const consumerTool = 'org.apache.kafka.tools.consumer.ConsoleConsumer'
const groupsTool = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand'
const configsTool = 'kafka.admin.ConfigCommand'
const offsetsTool = 'org.apache.kafka.tools.GetOffsetShell'
const deleteRecordsTool = 'org.apache.kafka.tools.DeleteRecordsCommand'

/** What a tool printed, with ids, times and addresses blotted out and runs of blanks made one, sorted. */
function told(text: string): string[] {
  return lines(text)
    .map((line) =>
      line
        .replace(/TopicId: \S+/g, 'TopicId: *')
        .replace(/(localhost|127\.0\.0\.1):\d+/g, 'HOST:PORT')
        .replace(/[\da-f]{8}-[\da-f-]{27}/g, '*')
        .replace(/"timestamp":\d+,/g, '')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .sort()
}

async function tool(bootstrap: string, mainClass: string, args: string[], input?: string) {
  const { code, out } = await javaTool(mainClass, ['--bootstrap-server', bootstrap, ...args], { input })
  return { code, told: told(out) }
}

const feed = (bootstrap: string, topic: string, input: string) =>
  tool(
    bootstrap,
    producerTool,
    ['--topic', topic, '--property', 'parse.key=true', '--property', 'key.separator=:'],
    input,
  )

/** Keyed records, whose places follow from their keys. */
const keyed = Array.from({ length: 20 }, (_, i) => `k${i}:v${i}`).join('\n')

it('kafka-topics creates, describes, alters, lists and deletes', async () => {
  const seen = await seenOnBoth(async (bootstrap) => {
    const topics = (...args: string[]) => tool(bootstrap, topicsTool, args)
    return {
      created: await topics('--create', '--topic', 'tools', '--partitions', '3', '--config', 'retention.ms=1000000'),
      again: await topics('--create', '--topic', 'tools', '--if-not-exists'),
      altered: await topics('--alter', '--topic', 'tools', '--partitions', '4'),
      described: withoutReplicaDetails(await topics('--describe', '--topic', 'tools')),
      deleted: await topics('--delete', '--topic', 'tools'),
      missing: await topics('--describe', '--topic', 'tools'),
    }
  })
  expect(seen.created).toEqual({ code: 0, told: ['Created topic tools.'] })
  expect(seen.described.told).toHaveLength(5)
})

/** Kafka prints its own min.insync.replicas, and leader election details that only a cluster has. */
function withoutReplicaDetails({ code, told }: { code: number | null; told: string[] }) {
  return { code, told: told.map((line) => line.replace('min.insync.replicas=1,', '').replace(/ Elr:.*/, '')) }
}

it('the console producer and consumer carry keys, headers and values', async () => {
  const seen = await seenOnBoth(async (bootstrap) => {
    await tool(bootstrap, topicsTool, ['--create', '--topic', 'console', '--partitions', '3'])
    const produced = await feed(bootstrap, 'console', keyed)
    const shown = ['print.key', 'print.partition', 'print.offset'].flatMap((name) => ['--property', `${name}=true`])
    const reading = [
      '--topic',
      'console',
      '--group',
      'console-readers',
      '--from-beginning',
      '--max-messages',
      '20',
      ...shown,
    ]
    return { produced, consumed: await tool(bootstrap, consumerTool, reading) }
  })
  expect(seen.consumed.told).toHaveLength(20)
})

it('kafka-consumer-groups describes, resets, and deletes; kafka-get-offsets agrees', async () => {
  const seen = await seenOnBoth(async (bootstrap) => {
    const groups = (...args: string[]) => tool(bootstrap, groupsTool, args)
    const offsets = (...args: string[]) => tool(bootstrap, offsetsTool, ['--topic', 'grouped', ...args])
    await tool(bootstrap, topicsTool, ['--create', '--topic', 'grouped', '--partitions', '2'])
    await feed(bootstrap, 'grouped', keyed)
    await tool(bootstrap, consumerTool, [
      '--topic',
      'grouped',
      '--group',
      'tellers',
      '--from-beginning',
      '--max-messages',
      '20',
    ])
    const ofGroup = ['--group', 'tellers']
    return {
      described: await groups('--describe', ...ofGroup),
      state: await groups('--describe', '--state', ...ofGroup),
      reset: await groups('--reset-offsets', '--to-offset', '3', '--topic', 'grouped', '--execute', ...ofGroup),
      shifted: await groups('--reset-offsets', '--shift-by', '-1', '--topic', 'grouped:0', '--execute', ...ofGroup),
      after: await groups('--describe', ...ofGroup),
      offsetsDeleted: await groups('--delete-offsets', '--topic', 'grouped:0', ...ofGroup),
      deleted: await groups('--delete', ...ofGroup),
      gone: await groups('--describe', ...ofGroup),
      latest: await offsets(),
      earliest: await offsets('--time', 'earliest'),
    }
  })
  expect(seen.latest.code).toBe(0)
})

it('kafka-configs describes and alters a topic', async () => {
  const seen = await seenOnBoth(async (bootstrap) => {
    const configs = (...args: string[]) => tool(bootstrap, configsTool, ['--topic', 'tuned', ...args])
    await tool(bootstrap, topicsTool, ['--create', '--topic', 'tuned', '--config', 'retention.ms=1000000'])
    return {
      before: await configs('--describe'),
      defaults: withEffect(await configs('--describe', '--all')),
      altered: await configs('--alter', '--add-config', 'max.message.bytes=2000,cleanup.policy=compact'),
      refused: (await configs('--alter', '--add-config', 'max.message.bytes=many')).code,
      deleted: await configs('--alter', '--delete-config', 'retention.ms'),
      after: await configs('--describe'),
    }
  })
  expect(seen.altered.code).toBe(0)
})

/** The settings that the embedded broker has; Kafka has many more. */
function withEffect({ code, told }: { code: number | null; told: string[] }) {
  const names = ['cleanup.policy', 'delete.retention.ms', 'max.message.bytes', 'message.timestamp.after.max.ms']
  const more = [
    'message.timestamp.type',
    'min.cleanable.dirty.ratio',
    'retention.bytes',
    'retention.ms',
    'segment.bytes',
  ]
  return { code, told: told.filter((line) => [...names, ...more].includes(line.split('=')[0] ?? '')) }
}

it('kafka-delete-records moves the start of a log', async () => {
  const seen = await seenOnBoth(async (bootstrap) => {
    await tool(bootstrap, topicsTool, ['--create', '--topic', 'cut'])
    await feed(bootstrap, 'cut', keyed)
    const wanted = { partitions: [{ topic: 'cut', partition: 0, offset: 5 }], version: 1 }
    const file = join(mkdtempSync(join(tmpdir(), 'freshet-fidelity-')), 'offsets.json')
    writeFileSync(file, JSON.stringify(wanted))
    const deleted = await tool(bootstrap, deleteRecordsTool, ['--offset-json-file', file])
    rmSync(dirname(file), { recursive: true })
    return { deleted, earliest: await tool(bootstrap, offsetsTool, ['--topic', 'cut', '--time', 'earliest']) }
  })
  expect(seen.earliest.told).toEqual(['cut:0:5'])
})

it('the verifiable producer and consumer agree with each other', async () => {
  const seen = await seenOnBoth(async (bootstrap) => {
    await tool(bootstrap, topicsTool, ['--create', '--topic', 'verified'])
    const count = ['--topic', 'verified', '--max-messages', '50']
    const produced = await tool(bootstrap, 'org.apache.kafka.tools.VerifiableProducer', count)
    const reading = [...count, '--group-id', 'verifiers', '--reset-policy', 'earliest']
    const consumed = await tool(bootstrap, 'org.apache.kafka.tools.VerifiableConsumer', reading)
    const events = (lines: string[]) => lines.filter((line) => /send_success|consumed|committed/.test(line))
    return { produced: events(produced.told), consumed: consumed.told.join().match(/"maxOffset":49/g)?.length }
  })
  expect(seen.produced).toHaveLength(50)
  expect(seen.consumed).toBe(1)
})

it('producer-perf-test sends everything', async () => {
  await seenOnBoth(async (bootstrap) => {
    const size = ['--topic', 'perf', '--num-records', '20000', '--record-size', '100', '--throughput', '-1']
    const { code, out } = await javaTool('org.apache.kafka.tools.ProducerPerformance', [
      ...size,
      '--producer-props',
      `bootstrap.servers=${bootstrap}`,
    ])
    return {
      code,
      sent: /^20000 records sent/m.test(out),
      latest: await tool(bootstrap, offsetsTool, ['--topic', 'perf']),
    }
  })
})

it('kafka-broker-api-versions finds no API here that Kafka does not have, and no version that is newer than its own', async () => {
  const versionsOf = async (bootstrap: string) => {
    const { out } = await javaTool('org.apache.kafka.tools.BrokerApiVersionsCommand', ['--bootstrap-server', bootstrap])
    const found = out.matchAll(/(\w+)\(\d+\): (\d+)(?: to (\d+))? \[usable/g)
    return new Map(
      [...found].map(([, name, first, last]) => [name, { first: Number(first), last: Number(last ?? first) }]),
    )
  }
  const [kafka, ours] = await Promise.all([versionsOf(inject('apacheKafka')), versionsOf(inject('embeddedBroker'))])
  expect(ours.size).toBeGreaterThan(20)
  for (const [name, { first, last }] of ours) {
    expect(kafka.get(name)?.last, `${name}, last version`).toBeGreaterThanOrEqual(last)
    expect(last, `${name}, a version that Kafka still has`).toBeGreaterThanOrEqual(kafka.get(name)?.first ?? 0)
    expect(first).toBeLessThanOrEqual(last)
  }
})
