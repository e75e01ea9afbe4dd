// The API as Lambda calls it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { pipelineEnvironment } from '../../infra/environment.ts'
import { healthSchema, liveSchema } from './schemas.ts'

const token = 'correct-horse-battery-staple'
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'api-'))
  vi.resetModules()
  for (const [name, value] of Object.entries(pipelineEnvironment())) vi.stubEnv(name, value)
  vi.stubEnv('STORE_URL', `sqlite:${join(folder, 'store.db')}`)
  vi.stubEnv('KAFKA_BOOTSTRAP_SERVERS', '127.0.0.1:1')
  vi.stubEnv('API_TOKEN', token)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

interface Answer {
  statusCode: number
  headers: Record<string, string>
  cookies?: string[]
  body: string
}

/** As a function URL or an HTTP API sends it: payload format 2.0. */
async function invoke(method: string, path: string, body: string | null = null, more: object = {}): Promise<Answer> {
  const { handler } = await import('./handler.ts')
  const [rawPath = '', rawQueryString = ''] = path.split('?')
  const headers = {
    host: 'abc.lambda-url.eu-west-1.on.aws',
    accept: 'text/event-stream',
    'content-type': 'application/json',
    authorization: `Bearer ${token}`,
    ...more,
  }
  const http = { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' }
  const event = { version: '2.0', routeKey: '$default', rawPath, rawQueryString, headers, body, isBase64Encoded: false }
  return (await handler({ ...event, requestContext: { http, domainName: headers.host } } as never)) as Answer
}

test('answers from the environment alone', async () => {
  const health = await invoke('GET', '/api/health')
  expect(health.statusCode).toBe(200)
  expect(healthSchema.parse(JSON.parse(health.body)).status).toBe('unknown')
  // A stream would be held back and billed to the end of the time-out; it is one poll.
  const live = await invoke('GET', '/api/live?after=0')
  expect(live.headers['content-type']).toBe('application/json')
  expect(liveSchema.parse(JSON.parse(live.body)).cursor).toBe('0')
})

test('says within its time that no broker acknowledged', async () => {
  const event = { event_id: 'a', event_type: 'view', user_id: 1001, amount: 1, timestamp: '2026-11-23T00:00:00' }
  const answer = await invoke('POST', '/api/events', JSON.stringify(event))
  expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '1'])
  expect(JSON.parse(answer.body)).toMatchObject({ code: 'KAFKA_UNAVAILABLE', accepted: 0 })
})

test('answers 503 while there is no store, and recovers with it', async () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
  const file = join(folder, 'a-file')
  writeFileSync(file, '')
  vi.stubEnv('STORE_URL', `sqlite:${join(file, 'store.db')}`)
  const away = await invoke('GET', '/api/summary')
  expect(away.statusCode).toBe(503)
  expect(JSON.parse(away.body)).toMatchObject({ status: 503, code: expect.stringMatching(/^STORE_/) })
  expect(away.headers['content-security-policy']).toContain("default-src 'self'")
  expect(logged).toHaveBeenCalled()
  logged.mockRestore()
  vi.stubEnv('STORE_URL', 'sqlite::memory:')
  expect((await invoke('GET', '/api/summary')).statusCode).toBe(200)
})

test('refuses to serve the world without a token, and says what to do', async () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
  vi.stubEnv('API_TOKEN', undefined)
  const answer = await invoke('GET', '/api/summary')
  expect([answer.statusCode, JSON.parse(answer.body).code]).toEqual([500, 'TOKEN_UNSET'])
  expect(JSON.parse(answer.body).detail).toContain('API_TOKEN')
  logged.mockRestore()
})

test('signs a browser in with nothing kept, so that any environment knows its cookie', async () => {
  const signedIn = await invoke('GET', `/api/sign-in?token=${token}`)
  expect([signedIn.statusCode, signedIn.headers.location]).toEqual([303, '/'])
  const [cookie = ''] = (signedIn.cookies?.[0] ?? '').split(';')
  expect(signedIn.cookies?.[0]).toMatch(/; Secure(;|$)/)
  vi.resetModules()
  const asBrowser = { cookie, authorization: '' }
  expect((await invoke('GET', '/api/summary', null, asBrowser)).statusCode).toBe(200)
  expect((await invoke('GET', '/api/summary', null, { authorization: '' })).statusCode).toBe(401)
})
