// `docker compose up`, as its user meets it: a link once, and a page on which events arrive.
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Summary } from '../../functions/api/schemas.ts'
import { pipeline } from '../../infra/pipeline.ts'
import { eventually } from '../local-stack.ts'
import { readCompose } from '../targets/read-compose.ts'
import { buildImage, type Image } from './image.ts'
import { type Stack, startStack } from './stack.ts'

const folder = mkdtempSync(join(tmpdir(), 'freshet-compose-'))
const compose = readCompose()
let image: Image
let stack: Stack
let token = ''

beforeAll(async () => {
  image = buildImage(join(folder, 'image'))
  stack = await startStack(compose, image, folder)
  token = /\?token=(\S+)/.exec(stack.services.get('first-run')?.output() ?? '')?.[1] ?? ''
})

afterAll(async () => {
  await stack?.stop()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

const address = () => `http://127.0.0.1:${stack.port('dashboard', 4000)}`
const ask = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${address()}${path}`, { headers, redirect: 'manual' })
const bearer = () => ({ authorization: `Bearer ${token}` })
const summary = async () => (await (await ask('/api/summary', bearer())).json()) as Summary

it('prints a link with a token of its own, once', async () => {
  expect(token).toMatch(/^[\w-]{32}$/)
  const again = await stack.again('first-run')
  expect(await again.ended).toBe(0)
  expect(again.output()).not.toContain('token=')
  expect(again.output()).toContain('there already')
})

it('shows the dashboard to whoever follows the link, and nothing to others', async () => {
  expect((await ask('/api/summary')).status).toBe(401)
  const followed = await ask(`/?token=${token}`)
  expect(followed.status).toBe(303)
  const cookie = followed.headers.get('set-cookie')?.split(';')[0] ?? ''
  const page = await ask('/', { cookie })
  expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')])
})

it('has events on it soon, every one of them accounted for', async () => {
  const isFlowing = async () => {
    const now = await summary()
    return now.events > 50 && now.balanced === true && now.lag.messages !== null
  }
  await eventually('events arrive and are balanced', isFlowing, 120_000)
})

it('has every mapping of the description in its group, and commits what there is to read', async () => {
  const admin = new Kafka({ brokers: [`localhost:${stack.port('kafka', 9092)}`], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  for (const { name, consumerGroupId: groupId, settings } of pipeline.mappings) {
    const [topic] = settings.Topics
    const isMember = async () => (await admin.describeGroups([groupId])).groups[0]?.state === 'Stable'
    const commits = async () => {
      const ends = await admin.fetchTopicOffsets(topic)
      const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] })
      // What mappings give up goes to a topic that stays empty here.
      return ends.every(({ high }) => high === '0') || committed?.partitions.some(({ offset }) => Number(offset) > 0)
    }
    const output = () => stack.services.get(name)?.output().slice(-4_000)
    await eventually(`${groupId} has a member`, isMember, 120_000)
    await eventually(`${groupId} commits`, commits, 120_000).catch((cause) => {
      throw new Error(`${name}\n${output()}`, { cause })
    })
  }
  await admin.disconnect()
})

it('answers this machine and containers each by a name that they can reach', async () => {
  for (const [listener, host] of [
    [9092, 'localhost'],
    [29092, '127.0.0.1'],
  ] as const) {
    const port = stack.port('kafka', listener)
    const admin = new Kafka({ brokers: [`${host}:${port}`], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    const { brokers } = await admin.describeCluster()
    expect(brokers).toEqual([expect.objectContaining({ host, port })])
    await admin.disconnect()
  }
})

it('has a store that asks for its password', async () => {
  const port = stack.port('postgres', 5432)
  const stranger = new pg.Client({ host: '127.0.0.1', port, user: 'freshet', database: 'freshet', password: 'guessed' })
  await expect(stranger.connect()).rejects.toThrow('password authentication failed')
})

it('writes nothing into its image', () => {
  const bundles = statSync(join(image.directory, 'node_modules/.cache/freshet')).mtimeMs
  expect(bundles).toBeLessThan(statSync(join(folder, 'own')).mtimeMs + 1)
})

it('ends in order when it is told to: each container with 0, within its time', async () => {
  const ours = Object.entries(compose.services).filter(
    ([name, { build }]) => build && stack.services.get(name)?.isRunning(),
  )
  expect(ours.length).toBeGreaterThan(3)
  for (const [name] of ours) {
    const service = stack.services.get(name)
    service?.signal('SIGTERM')
    expect(await service?.ended, `${name}\n${service?.output()}`).toBe(0)
  }
})
