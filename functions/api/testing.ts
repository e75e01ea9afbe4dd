// The API over a store in memory and a topic that is an array, on a clock that stands still: for its tests.
import type { OpenAPIHono } from '@hono/zod-openapi'
import { expect } from 'vitest'
import type { z } from 'zod'
import { testRules } from '../events/testing/rules.ts'
import type { OutgoingMessage, Publish } from '../kafka/publish.ts'
import { openStore } from '../store/open.ts'
import type { Outcome, Store } from '../store/store.ts'
import { group, topic } from '../store/testing/fixtures.ts'
import { createApp } from './app.ts'
import type { ApiParts } from './parts.ts'

/** 2026-11-23T00:10:00.500Z */
export const nowMs = Date.UTC(2026, 10, 23, 0, 10, 0, 500)

export const rules = testRules

export interface TestApi {
  app: OpenAPIHono
  store: Store
  /** What was published, in order. */
  published: OutgoingMessage[]
  clock: { nowMs: number }
  write(...outcomes: Outcome[]): Promise<void>
  get(path: string, headers?: Record<string, string>): Promise<Response>
  post(body: string | Uint8Array<ArrayBuffer>, headers?: Record<string, string>): Promise<Response>
}

export async function openTestApi(parts: Partial<ApiParts> = {}): Promise<TestApi> {
  const clock = { nowMs }
  const store = parts.store ?? (await openStore('sqlite::memory:', { clock: () => clock.nowMs }))
  const published: OutgoingMessage[] = []
  const publish: Publish = async (_, messages) =>
    messages.map((message) => ({ partition: 1, offset: published.push(message) - 1 }))
  const app = createApp({
    publish,
    now: () => clock.nowMs,
    group,
    topic,
    rules,
    thresholds: { lagSeconds: 60, errorRate: 0.05, newestEventAgeSeconds: 60 },
    timeZone: 'Australia/Sydney',
    samplePeriodMs: 2000,
    streams: true,
    allowedHosts: ['localhost', '127.0.0.1'],
    ...parts,
    store,
  })
  return {
    app,
    store,
    published,
    clock,
    async write(...outcomes) {
      await store.writeBatch({ group, outcomes })
    },
    get: async (path, headers = {}) => app.request(path, { headers }),
    post: async (body, headers = { 'content-type': 'application/json' }) =>
      app.request('/api/events', { method: 'POST', body, headers }),
  }
}

/** The answer to a question that succeeds, which must be what its schema says. */
export async function readAnswer<Answer>(api: TestApi, path: string, schema: z.ZodType<Answer>): Promise<Answer> {
  const response = await api.get(path)
  expect(response.status).toBe(200)
  return schema.parse(await response.json())
}
