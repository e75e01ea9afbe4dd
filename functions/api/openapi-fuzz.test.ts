// The description is true: whatever is asked of any route, right or wrong, is answered as it says.
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deadLetter, event, group, noise, topic } from '../store/testing/fixtures.ts'
import { arbitraryOf, type JsonSchema } from './openapi-arbitrary.ts'
import { nowMs, openTestApi, type TestApi } from './testing.ts'

const seed = 20_261_123
const runsPerOperation = 40

const fixed = JSON.stringify({
  event_id: 'mended',
  event_type: 'view',
  user_id: 5,
  amount: 1,
  timestamp: '2026-11-23T00:00:00',
})

interface Parameter {
  name: string
  in: 'query' | 'path' | 'header'
  required?: boolean
  schema: JsonSchema
}
interface Content {
  content?: Record<string, { schema: JsonSchema }>
}
interface Operation {
  parameters?: Parameter[]
  requestBody?: Content
  responses: Record<string, Content>
}
interface Described {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, JsonSchema> }
}

const api: TestApi = await openTestApi({ writesPerSecondMax: 1_000_000 })
const description = (await (await api.get('/api/openapi.json')).json()) as Described
const ajv = new Ajv2020({ strict: false, validateFormats: false })
ajv.addSchema(description, 'api')
const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    path,
    method,
    operation,
  })),
)

beforeAll(async () => {
  const events = Array.from({ length: 30 }, (_, offset) =>
    event({ offset, timestamp: nowMs }, { event_id: `e${offset}`, user_id: offset, extra: { n: offset } }),
  )
  await api.write(
    ...events,
    deadLetter({ offset: 30 }, '{"event_id": 1}'),
    deadLetter({ offset: 31 }, null),
    noise({ offset: 32 }),
  )
  await api.store.writeLagSamples([
    { group, topic, partition: 0, at: nowMs, logStartOffset: 0, endOffset: 40, committedOffset: 33 },
  ])
})
afterAll(() => api.store.close())

/** Bodies that are taken, for what is as particular as these is seldom made by chance. */
const taken: Record<string, unknown[]> = {
  'POST /api/events': [
    { event_id: 'f', event_type: 'view', user_id: 5, amount: 1, timestamp: '2026-11-23T00:00:00' },
    [{ event_id: 'g', event_type: 'view', user_id: '5', amount: 1, timestamp: '2026-11-23T00:00:00Z' }, {}],
  ],
  'POST /api/dead-letters/discard': [{ ids: [33], reason: 'a test' }],
  'POST /api/redrives': [
    { all: true, dryRun: true },
    { ids: [31], fixes: [{ id: 31, text: fixed }] },
    { ids: [31, 32], dryRun: true, fixes: [{ id: 31, text: fixed }] },
    { ids: [32] },
  ],
  'POST /api/redrives/{id}/cancel': [{ by: 'a test' }],
}

/** What is really there, so that not every question goes past it. */
const present: Record<string, string[]> = {
  id: ['1', '31', '32', '33'],
  topic: [topic],
  partition: ['0'],
  group: [group],
  type: ['view', 'purchase'],
  code: ['NOT_JSON'],
  from: ['2026-11-23T00:00:00Z'],
  seconds: ['5', '300'],
}
/** Any text at all, of which a path keeps these as segments of their own. */
const wild = fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !['', '.', '..'].includes(text))

function textOf({ schema, required, ...parameter }: Parameter): fc.Arbitrary<string | undefined> {
  const described = arbitraryOf(schema, description.components.schemas).map((value) => String(value))
  const usual = parameter.in === 'path' ? described.filter((text) => !['', '.', '..'].includes(text)) : described
  const known = fc.constantFrom(...(present[parameter.name] ?? ['1', '31']))
  const texts = fc.oneof(
    { arbitrary: usual, weight: 6 },
    { arbitrary: known, weight: 2 },
    { arbitrary: wild, weight: 1 },
  )
  return required ? texts : fc.option(texts, { nil: undefined, freq: 2 })
}

interface Question {
  path: string
  init: RequestInit
}

function questions({ name, path, method, operation }: (typeof operations)[number]): fc.Arbitrary<Question> {
  const parameters = operation.parameters ?? []
  const values = fc.tuple(...parameters.map(textOf))
  const body = operation.requestBody ? bodies(operation.requestBody, taken[name]) : fc.constant(undefined)
  return fc.tuple(values, body, fc.boolean()).map(([texts, sent, twice]) => {
    let filled = path
    const query: string[] = []
    const headers: Record<string, string> = { ...(sent && { 'content-type': sent.type }) }
    parameters.forEach((parameter, index) => {
      const text = texts[index]
      if (text === undefined) return
      const encoded = encodeURIComponent(text.toWellFormed())
      if (parameter.in === 'path') filled = filled.replace(`{${parameter.name}}`, encoded)
      else if (parameter.in === 'query') query.push(`${parameter.name}=${encoded}`)
      else headers[parameter.name] = encoded
    })
    // A parameter that comes twice is as wrong as one that is not a number.
    if (twice && query.length > 2) query.push(query[0] as string)
    const init = { method: method.toUpperCase(), headers, ...(sent && { body: sent.text }) }
    return { path: query.length > 0 ? `${filled}?${query.join('&')}` : filled, init }
  })
}

/** As described, any other JSON, or no JSON at all; under its own type or another. */
function bodies({ content = {} }: Content, examples: unknown[] = []): fc.Arbitrary<{ type: string; text: string }> {
  const types = Object.keys(content)
  const described = fc.oneof(
    ...types.map((type) =>
      arbitraryOf(content[type]?.schema ?? {}, description.components.schemas).map((value) =>
        typeof value === 'string' ? value : JSON.stringify(value),
      ),
    ),
  )
  const text = fc.oneof(
    { arbitrary: described, weight: 6 },
    ...(examples.length > 0
      ? [{ arbitrary: fc.constantFrom(...examples.map((one) => JSON.stringify(one))), weight: 6 }]
      : []),
    { arbitrary: fc.json(), weight: 2 },
    { arbitrary: fc.string({ unit: 'binary', maxLength: 40 }), weight: 1 },
  )
  const type = fc.constantFrom(...types, ...types, 'application/json', 'text/plain', '')
  return fc.record({ type, text })
}

/** What is wrong with the answer by the description; undefined when nothing is. */
async function complaint(
  { path, operation, method }: (typeof operations)[number],
  response: Response,
): Promise<unknown> {
  const described = operation.responses[response.status]
  if (!described) return `${response.status} is not described: ${await response.text()}`
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';')
  if (type === 'text/event-stream') return void (await response.body?.cancel())
  const text = await response.text()
  if (!described.content) return text === '' || text === 'null' ? undefined : `a body is not described: ${text}`
  if (!described.content[type]) return `${type} is not described for ${response.status}`
  if (!type.endsWith('json')) return undefined
  const pointer = ['paths', path, method, 'responses', String(response.status), 'content', type, 'schema']
    .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
    .join('/')
  const validate = ajv.getSchema(`api#/${pointer}`)
  if (!validate) return `no schema at ${pointer}`
  return validate(JSON.parse(text)) ? undefined : { errors: validate.errors, text }
}

test.each(operations)(`$name answers as it is described (seed ${seed})`, async (operation) => {
  const seen = new Set<number>()
  await fc.assert(
    fc.asyncProperty(questions(operation), async ({ path, init }) => {
      api.clock.nowMs += 1_000
      const response = await api.app.request(path, init)
      seen.add(response.status)
      expect([path, init.body, response.status < 500 || response.status === 503]).toEqual([path, init.body, true])
      expect([path, init.body, await complaint(operation, response)]).toEqual([path, init.body, undefined])
    }),
    { seed, numRuns: operation.operation.parameters || operation.operation.requestBody ? runsPerOperation : 2 },
  )
  // Questions that are all refused would prove little.
  expect(Math.min(...seen)).toBeLessThan(400)
})

test.each([
  '/api/records/%E0%A4%A/0/0',
  '/api/dead-letters/%00',
  '/api/users/%',
  '//api/events',
  '/api/events?%=%&limit=%zz',
])('%s, which no client builds, is refused and breaks nothing', async (path) => {
  for (const method of ['GET', 'POST', 'DELETE', 'HEAD', 'OPTIONS', 'PUT']) {
    const { status } = await api.app.request(`http://localhost${path}`, { method })
    expect([method, path, status < 500]).toEqual([method, path, true])
  }
})
