// The handler as Lambda runs it, on events in the shapes that MSK and self-managed Kafka deliver.
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it, vi } from 'vitest'
import { pipelineEnvironment } from '../../infra/environment.ts'
import type { KafkaEvent } from '../lambda/kafka-event.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'

const recorded = (name: string): KafkaEvent =>
  JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures', `${name}.json`), 'utf8'))

let handler: (event: KafkaEvent) => Promise<unknown>
let store: Store
const group = 'analytics-consumer-group'

beforeEach(async () => {
  const url = `sqlite:${mkdtempSync(join(tmpdir(), 'freshet-consumer-'))}/freshet.db`
  for (const [name, value] of Object.entries({ ...pipelineEnvironment(), STORE_URL: url })) vi.stubEnv(name, value)
  // A fresh module is a cold start: it opens its own store.
  vi.resetModules()
  handler = (await import('./handler.ts')).handler
  store = await openStore(url)
  return () => store.close()
})

it('stores the good, counts the noise and puts the bad aside, from MSK', async () => {
  expect(await handler(recorded('msk'))).toEqual({
    batchItemFailures: [],
    stored: 3,
    duplicates: 0,
    noise: 1,
    deadLetters: 2,
    redelivered: 0,
  })
  const events = await store.events({ group, after: 0, limit: 10 })
  expect(events.map((event) => [event.partition, event.offset, event.event_type, event.amount_bucket])).toEqual([
    [0, 15, 'purchase', 'mid'],
    [0, 16, 'view', 'low'],
    [2, 7, 'checkout', 'high'],
  ])
  const aside = await store.deadLetters({ group, after: 0, limit: 10 })
  expect(aside.map((letter) => [letter.code, letter.partition, letter.offset])).toEqual([
    ['NOT_JSON', 0, 17],
    ['TOMBSTONE', 2, 8],
  ])
  expect(Buffer.from(aside[0]?.value ?? []).toString()).toBe('{"event_id":')
})

it('tells a duplicate from the same id with other content, from self-managed Kafka', async () => {
  expect(await handler(recorded('self-managed'))).toMatchObject({ stored: 1, duplicates: 1, deadLetters: 1 })
  expect((await store.deadLetters({ group, limit: 1 }))[0]).toMatchObject({ code: 'ID_CONFLICT', offset: 2 })
})

it('counts nothing twice when the same batch is delivered again', async () => {
  await handler(recorded('msk'))
  expect(await handler(recorded('msk'))).toMatchObject({
    stored: 0,
    duplicates: 0,
    deadLetters: 0,
    noise: 0,
    redelivered: 6,
  })
  expect(await store.totals(group)).toEqual({ events: 3, deadLetters: 2 })
})

it('throws when the store is not to be had, so that the batch is tried again', async () => {
  vi.stubEnv('STORE_URL', `sqlite:${tmpdir()}`)
  await expect(handler(recorded('msk'))).rejects.toMatchObject({ name: 'PipelineError' })
})

it('names a variable that is missing', async () => {
  vi.stubEnv('AMOUNT_MAX', 'plenty')
  await expect(handler(recorded('msk'))).rejects.toThrow(/CONFIG_INVALID: AMOUNT_MAX/)
})
