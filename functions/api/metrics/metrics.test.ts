// What Prometheus reads: every number that the page shows, under names that stay, and never a scan for them.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { deadLetter, event, group, noise, topic } from '../../store/testing/fixtures.ts'
import { nowMs, openTestApi, type TestApi } from '../testing.ts'

let api: TestApi
beforeEach(async () => {
  api = await openTestApi()
})
afterEach(() => api.store.close())

async function scrape(of = api): Promise<Map<string, number>> {
  const response = await of.get('/metrics')
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ])
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

const place = `group="${group}",topic="${topic}",partition="0"`

test('tells what was stored, put aside, left out and missed, and how far behind the group is', async () => {
  await api.write(
    event({ offset: 0, timestamp: nowMs }, { event_id: 'a' }),
    event({ offset: 1, timestamp: nowMs }, { event_id: 'a' }),
    noise({ offset: 2 }),
    deadLetter({ offset: 3 }, 'x'),
    event({ offset: 5, timestamp: nowMs }, { event_id: 'b' }),
  )
  await api.store.writeLagSamples([
    { group, topic, partition: 0, at: nowMs, logStartOffset: 0, endOffset: 9, committedOffset: 6 },
  ])
  api.clock.nowMs += 4_000
  expect(Object.fromEntries(await scrape())).toMatchObject({
    freshet_store_up: 1,
    [`freshet_events_stored_total{group="${group}"}`]: 2,
    [`freshet_dead_letters_total{group="${group}"}`]: 1,
    [`freshet_dead_letters{group="${group}",code="NOT_JSON",state="open"}`]: 1,
    [`freshet_records_total{${place},outcome="stored"}`]: 2,
    [`freshet_records_total{${place},outcome="duplicate"}`]: 1,
    [`freshet_records_total{${place},outcome="noise"}`]: 1,
    [`freshet_records_total{${place},outcome="dead_letter"}`]: 1,
    [`freshet_unseen_offsets{${place}}`]: 1,
    [`freshet_account_balanced{group="${group}"}`]: 0,
    [`freshet_lag_messages{${place}}`]: 3,
    [`freshet_lag_seconds{${place}}`]: 4,
    [`freshet_lost_messages{${place}}`]: 0,
    [`freshet_lag_sample_age_seconds{group="${group}"}`]: 4,
    [`freshet_newest_event_age_seconds{group="${group}"}`]: 4,
    [`freshet_events_per_second{group="${group}"}`]: 0.2,
    'freshet_alert_firing{alert="account"}': 1,
    'freshet_alert_firing{alert="lag"}': 0,
    freshet_live_clients: 0,
  })
})

test('says nothing of what is not known', async () => {
  const names = [...(await scrape()).keys()]
  expect(names.filter((name) => /newest_event_age|error_ratio|sample_age|alert="lag"/.test(name))).toEqual([])
})

test('counts requests by route and status, whatever is asked for', async () => {
  // A page's files are mounted over everything, behind the API's own routes.
  api.app.get('/*', (c) => (c.req.path === '/index.html' ? c.text('a page') : c.notFound()))
  await api.get('/index.html')
  await api.get('/api/events?limit=1')
  await api.get('/api/events?limit=0')
  await api.get(`/api/records/${topic}/0/7`)
  for (const path of ['/a', '/b', '/api/c']) await api.get(path)
  await api.app.request('/api/events', { method: 'PROPFIND' })
  const metrics = await scrape()
  const requests = [...metrics].filter(([name]) => name.startsWith('freshet_http_requests_total'))
  expect(Object.fromEntries(requests)).toEqual({
    'freshet_http_requests_total{method="GET",route="/api/events",status="200"}': 1,
    'freshet_http_requests_total{method="GET",route="/api/events",status="400"}': 1,
    'freshet_http_requests_total{method="GET",route="/api/records/:topic/:partition/:offset",status="200"}': 1,
    'freshet_http_requests_total{method="GET",route="other",status="200"}': 1,
    'freshet_http_requests_total{method="GET",route="other",status="404"}': 3,
    'freshet_http_requests_total{method="other",route="/api/events",status="404"}': 1,
  })
  expect(metrics.get('freshet_store_call_seconds_count{call="events"}')).toBe(1)
})

test('every name has our prefix, a help and a unit where it has one', async () => {
  const text = await (await api.get('/metrics')).text()
  const types = [...text.matchAll(/^# TYPE (\S+) (\w+)$/gm)].map(([, name = '', type = '']) => ({ name, type }))
  expect(types.length).toBeGreaterThan(15)
  for (const { name, type } of types) {
    expect(name).toMatch(/^freshet_[a-z_]+$/)
    expect(text).toMatch(new RegExp(`^# HELP ${name} \\S`, 'm'))
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter'])
    if (type === 'histogram') expect(name).toMatch(/_seconds$/)
  }
})

test('a store that does not answer is a metric, not an error', async () => {
  await api.write(event({ offset: 0 }, { event_id: 'a' }))
  await api.store.close()
  const metrics = await scrape()
  expect(metrics.get('freshet_store_up')).toBe(0)
  expect([...metrics.keys()].filter((name) => name.includes('events_stored'))).toEqual([])
})

test('alerts are judged from the summary, and listed with what they are judged by', async () => {
  await api.write(deadLetter({ offset: 0 }, 'x'))
  const body = (await (await api.get('/api/alerts')).json()) as { firing: number; alerts: { name: string }[] }
  expect(body.firing).toBe(1)
  expect(body.alerts).toMatchObject([
    { name: 'lag', state: 'unknown', value: null, threshold: 60 },
    { name: 'error-rate', state: 'firing', value: 1, threshold: 0.05 },
    { name: 'newest-event-age', state: 'unknown', threshold: 60 },
    { name: 'account', state: 'ok' },
    { name: 'sampler', state: 'unknown' },
  ])
})

test('lag says how fast the backlog goes, and when it is done', async () => {
  const samples = [30, 20, 10].map((messages, index) => ({
    group,
    topic,
    partition: 0,
    at: nowMs - 4_000 + index * 2_000,
    logStartOffset: 0,
    endOffset: 100,
    committedOffset: 100 - messages,
  }))
  await api.store.writeLagSamples(samples)
  const { groups } = (await (await api.get('/api/lag')).json()) as { groups: { partitions: object[] }[] }
  expect(groups[0]?.partitions[0]).toMatchObject({ messages: 10, messagesPerSecond: -5, etaSeconds: 2 })
})
