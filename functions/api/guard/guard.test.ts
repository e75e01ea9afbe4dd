// Who may ask, from where, how much and how often; and that nothing tells the token.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PipelineError } from '../../errors.ts'
import { openTestApi, type TestApi } from '../testing.ts'
import { checkExposure } from './access.ts'

const token = 'correct-horse-battery-staple'
const bearer = { authorization: `Bearer ${token}` }
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const html = { accept: 'text/html,application/xhtml+xml' }

let api: TestApi
beforeEach(async () => {
  api = await openTestApi({ token })
})
afterEach(() => api.store.close())

const ask = (path: string, init: RequestInit = {}) => api.app.request(path, init)
const signIn = (given: string, to = '') =>
  ask(`/api/sign-in${to}`, { method: 'POST', headers: form, body: new URLSearchParams({ token: given }).toString() })

const codeOf = async (answer: Response) => ((await answer.json()) as { code: string }).code

/** What a browser sends back. */
async function cookie(): Promise<{ cookie: string }> {
  const [pair = ''] = ((await signIn(token)).headers.get('set-cookie') ?? '').split(';')
  return { cookie: pair }
}

describe('with a token set', () => {
  test('every route asks for it, and health does not', async () => {
    const open = new Set<string>()
    for (const { method, path } of api.app.routes.filter(({ method }) => method !== 'ALL')) {
      const place = path.replace(/:\w+/g, '1')
      if ((await ask(place, { method })).status !== 401) open.add(`${method} ${path}`)
    }
    expect([...open]).toEqual(['GET /api/sign-in', 'GET /api/health'])
    expect((await ask('/api/nothing')).status).toBe(401)
    expect((await ask('/index.html')).status).toBe(401)
  })

  test('a machine shows it in a header', async () => {
    expect((await ask('/api/summary', { headers: bearer })).status).toBe(200)
    expect((await ask('/api/summary', { headers: { authorization: `bearer  ${token}` } })).status).toBe(200)
    for (const wrong of [`Bearer ${token}x`, `Bearer ${token.slice(1)}`, 'Bearer ', `Basic ${token}`, token]) {
      const answer = await ask('/api/summary', { headers: { authorization: wrong } })
      expect([wrong, answer.status, answer.headers.get('www-authenticate')]).toEqual([
        wrong,
        401,
        'Bearer realm="freshet"',
      ])
    }
  })

  test('where the bearer is lost on the way, a header of our own carries it', async () => {
    // CloudFront's signature stands where the bearer was.
    const signed = 'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123/ap-southeast-2/lambda/aws4_request, Signature=ab'
    const status = async (headers: Record<string, string>) => (await ask('/api/summary', { headers })).status
    expect(await status({ 'x-freshet-token': token })).toBe(200)
    expect(await status({ 'X-Freshet-Token': token, authorization: signed })).toBe(200)
    for (const wrong of [`${token}x`, token.slice(1), '', `Bearer ${token}`]) {
      expect([wrong, await status({ 'x-freshet-token': wrong })]).toEqual([wrong, 401])
    }
    expect(await status({ 'x-freshet-token': token, authorization: `Bearer ${token}x` })).toBe(401)
  })

  test('destroying needs it too, and does nothing without it', async () => {
    const answer = await ask('/api/users/5', { method: 'DELETE' })
    expect([answer.status, await codeOf(answer)]).toEqual([401, 'TOKEN_REQUIRED'])
    expect(await api.store.erasures({ limit: 1 })).toEqual([])
    expect((await ask('/api/users/5', { method: 'DELETE', headers: bearer })).status).toBe(200)
  })

  test('a browser exchanges it for a cookie that scripts cannot read and other sites cannot use', async () => {
    const answer = await signIn(token)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/'])
    const set = answer.headers.get('set-cookie') ?? ''
    for (const attribute of ['HttpOnly', 'SameSite=Strict', 'Path=/', 'Max-Age=604800'])
      expect(set).toContain(attribute)
    expect(set).not.toContain(token)
    expect((await ask('/api/summary', { headers: await cookie() })).status).toBe(200)
  })

  test('the cookie is sent encrypted only where the page came encrypted', async () => {
    const body = `token=${token}`
    const https = await ask('https://shop.example/api/sign-in', {
      method: 'POST',
      headers: { host: 'localhost', ...form },
      body,
    })
    expect(https.headers.get('set-cookie')).toContain('Secure')
    const proxied = await ask('/api/sign-in', {
      method: 'POST',
      headers: { 'x-forwarded-proto': 'https', ...form },
      body,
    })
    expect(proxied.headers.get('set-cookie')).toContain('Secure')
    expect((await signIn(token)).headers.get('set-cookie')).not.toContain('Secure')
  })

  test('a cookie that was made up, changed, made by another token or is a week old is none', async () => {
    const good = (await cookie()).cookie
    const other = await openTestApi({ token: 'another-token-altogether', store: api.store })
    expect((await other.get('/api/summary', { cookie: good })).status).toBe(401)
    const [name = '', value = ''] = good.split('=')
    const later = value.replace(/^\d+/, (ms) => String(Number(ms) + 1))
    for (const bad of [`${name}=9999999999999`, `${name}=${later}`, `${name}=`, 'other=1']) {
      expect((await api.get('/api/summary', { cookie: bad })).status).toBe(401)
    }
    api.clock.nowMs += 7 * 24 * 60 * 60 * 1000 - 1
    expect((await api.get('/api/summary', { cookie: good })).status).toBe(200)
    api.clock.nowMs += 1
    expect((await api.get('/api/summary', { cookie: good })).status).toBe(401)
  })

  test('an address that carries the token signs in, and leads to the same address without it', async () => {
    const answer = await ask(`/?view=lag&token=${token}`)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/?view=lag'])
    expect(answer.headers.get('set-cookie')).toContain('HttpOnly')
    const inCloud = await ask(`/api/sign-in?token=${token}&to=/%3Fview%3Dlag`)
    expect([inCloud.status, inCloud.headers.get('location')]).toEqual([303, '/?view=lag'])
    expect((await ask('/?token=wrong')).status).toBe(401)
    expect((await ask(`/api/summary?token=${token}`)).status).toBe(401)
  })

  test('a person is shown a form, a program a problem', async () => {
    const person = await ask('/?view=lag', { headers: html })
    expect([person.status, person.headers.get('content-type')]).toEqual([401, 'text/html; charset=UTF-8'])
    expect(await person.text()).toContain('action="/api/sign-in?to=%2F%3Fview%3Dlag"')
    const policy = person.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("style-src 'sha256-")
    expect(policy).not.toContain('unsafe')
    const program = await ask('/api/summary')
    expect([program.status, program.headers.get('content-type')]).toEqual([401, 'application/problem+json'])
  })

  test('signing in never leads to another site, and repeats nothing of what was given', async () => {
    for (const to of ['https://evil.example', '//evil.example', '/\\evil.example', '/a\r\nx: y', 'javascript:1', '']) {
      const answer = await signIn(token, `?to=${encodeURIComponent(to)}`)
      expect([to, answer.status, answer.headers.get('location')]).toEqual([to, 303, '/'])
    }
    const answer = await signIn('"><script>alert(1)</script>', '?to=%2F%22%3E%3Cscript%3E')
    expect(answer.status).toBe(401)
    expect(await answer.text()).not.toContain('<script>')
  })

  test('a form of another site cannot sign a browser in', async () => {
    const answer = await ask('/api/sign-in', {
      method: 'POST',
      headers: { ...form, 'sec-fetch-site': 'cross-site' },
      body: `token=${token}`,
    })
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null])
  })

  test('no answer and no line of the log holds the token', async () => {
    const logged: unknown[] = []
    const store = new Proxy(api.store, {
      get: (target, name) => (name === 'head' ? () => Promise.reject(new Error('broken')) : Reflect.get(target, name)),
    })
    const broken = await openTestApi({ token, store, onError: (error) => logged.push(error) })
    const answers = await Promise.all([
      broken.get('/api/events', bearer),
      broken.get(`/api/events?token=${token}`),
      broken.get(`/nothing?token=${token}x`, html),
      broken.get(`/api/nothing`, bearer),
    ])
    for (const answer of answers) expect(await answer.text()).not.toContain(token)
    expect(logged).toHaveLength(1)
    expect(String(logged)).not.toContain(token)
  })
})

test('without a token nothing is asked, and the form leads on to the page', async () => {
  const open = await openTestApi({ store: api.store })
  expect((await open.get('/api/summary')).status).toBe(200)
  const answer = await open.get('/api/sign-in?to=/x')
  expect([answer.status, answer.headers.get('location'), answer.headers.get('set-cookie')]).toEqual([303, '/x', null])
})

test.each(['127.0.0.1', '127.8.0.1', 'localhost', '::1', '[::1]'])('%s may go without a token', (address) => {
  expect(checkExposure(address, undefined)).toBeUndefined()
})

test.each(['0.0.0.0', '::', '192.168.1.5', 'shop.example', '127.0.0.1.evil.example'])(
  '%s may not, and it is said what to do',
  (address) => {
    expect(checkExposure(address, token)).toBeUndefined()
    expect(() => checkExposure(address, undefined)).toThrow(PipelineError)
    expect(() => checkExposure(address, undefined)).toThrow(/^TOKEN_UNSET: /)
  },
)

describe('a host', () => {
  test.each([
    ['localhost:4000', 200],
    ['LOCALHOST', 200],
    ['127.0.0.1:4000', 200],
    ['10.1.2.3', 200],
    ['[::1]:4000', 200],
    ['[fe80::1]', 200],
    ['evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['localhost.evil.example:4000', 403],
    ['evil.example:127.0.0.1', 403],
    ['[::1].evil.example', 403],
    ['', 403],
  ])('named %s is answered %i', async (host, status) => {
    expect((await api.get('/api/health', { host })).status).toBe(status)
  })
})

describe('writes', () => {
  test('beyond so many a second are told to come again, and reading goes on', async () => {
    const few = await openTestApi({ store: api.store, writesPerSecondMax: 2 })
    const statuses = async (count: number) => {
      const answers = []
      for (let i = 0; i < count; i++) answers.push(await few.post('{}'))
      return answers.map(({ status }) => status)
    }
    expect(await statuses(5)).toEqual([422, 422, 422, 422, 429])
    const refused = await few.post('{}')
    expect([refused.headers.get('retry-after'), await codeOf(refused)]).toEqual(['1', 'RATE_LIMITED'])
    expect((await few.get('/api/summary')).status).toBe(200)
    few.clock.nowMs += 1000
    expect(await statuses(3)).toEqual([422, 422, 429])
  })

  test('of a megabyte are refused on every route, with or without a length', async () => {
    const big = 'x'.repeat(1_000_001)
    const streamed = () => new Blob([big]).stream()
    const json = { 'content-type': 'application/json', ...bearer }
    for (const path of ['/api/events', '/api/nothing']) {
      const known = await ask(path, {
        method: 'POST',
        headers: { ...json, 'content-length': String(big.length) },
        body: big,
      })
      const unknown = await ask(path, {
        method: 'POST',
        headers: json,
        body: streamed(),
        duplex: 'half',
      } as RequestInit)
      expect([known.status, unknown.status]).toEqual([413, 413])
    }
  })
})
