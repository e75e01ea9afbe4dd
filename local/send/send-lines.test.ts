// Sending lines: what is published in which order, what is refused with its number, and where an interruption goes on.
import { expect, it } from 'vitest'
import { PipelineError } from '../../functions/errors.ts'
import { beginning, type Place } from './bookmark.ts'
import { readLines } from './lines.ts'
import { type PublishBatch, sendLines } from './send-lines.ts'

async function* inChunks(text: string | Buffer, size: number) {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** Accepts every object but those that say `bad`. */
function shop(failures: number[] = []) {
  const published: string[] = []
  let call = 0
  const publish: PublishBatch = async (events) => {
    if (failures.includes(call++)) {
      const fault = new PipelineError('KAFKA_UNAVAILABLE', 'away')
      return { accepted: 0, results: events.map((_, index) => ({ index, error: 'not acknowledged' })), fault }
    }
    const results = events.map(({ value }, index) =>
      value === undefined
        ? { index, error: 'NOT_JSON' }
        : 'bad' in (value as object)
          ? { index, error: 'bad' }
          : { index },
    )
    const good = events.filter((_, index) => results[index]?.error === undefined)
    published.push(...good.map(({ text }) => text))
    return { accepted: good.length, results }
  }
  return { published, publish }
}

async function send(text: string | Buffer, options: { publish: PublishBatch; place?: Place; chunk?: number }) {
  const { publish, place = beginning, chunk = 7 } = options
  const refused: [number, string][] = []
  const places: Place[] = []
  const bytes = Buffer.from(text).subarray(place.bytes)
  const lines = readLines(inChunks(bytes, chunk), { from: place.bytes, number: place.lines, bytesMax: 100 })
  const result = await sendLines(lines, place, {
    publish,
    onPlace: (now) => {
      places.push(now)
    },
    onRefused: (number, why) => refused.push([number, why.replace(/:.*/, '')]),
    pause: async () => {},
  })
  return { result, refused, places }
}

it.each([1, 3, 1_000])(
  'publishes each line as it came, and names the refused ones, read %i bytes at a time',
  async (chunk) => {
    const { published, publish } = shop()
    const long = JSON.stringify({ text: 'x'.repeat(100) })
    const text = Buffer.concat([
      Buffer.from(`{"a": 1.10}\r\n\n{"bad":1}\n{broken\n${long}\n`),
      Buffer.from([0xff, 0x0a]),
      Buffer.from('{"ä":2}'),
    ])
    const { result, refused } = await send(text, { publish, chunk })
    expect(published).toEqual(['{"a": 1.10}', '{"ä":2}'])
    expect(refused.sort(([a], [b]) => a - b)).toEqual([
      [3, 'bad'],
      [4, 'NOT_JSON'],
      [5, 'BODY_TOO_LARGE'],
      [6, 'NOT_UTF8'],
    ])
    expect(result).toEqual({ bytes: text.length, lines: 7, sent: 2, refused: 4 })
  },
)

it('goes on from any place it told, with the same numbers and nothing left out', async () => {
  const text = Array.from({ length: 2_500 }, (_, n) => (n % 900 === 7 ? '{"bad":1}' : `{"n":${n}}`)).join('\n')
  const whole = shop()
  const { places, result } = await send(text, { publish: whole.publish, chunk: 4_000 })
  expect(places.length).toBeGreaterThan(2)
  for (const place of places) {
    const rest = shop()
    const again = await send(text, { publish: rest.publish, place, chunk: 4_000 })
    expect(again.result).toEqual(result)
    expect(rest.published).toEqual(whole.published.slice(place.sent))
  }
})

it('tries a batch again while Kafka is away, and gives up without having claimed it', async () => {
  const patient = shop([0, 1])
  await send('{"a":1}', { publish: patient.publish })
  expect(patient.published).toEqual(['{"a":1}'])
  const away = shop(Array.from({ length: 100 }, (_, call) => call))
  await expect(send('{"a":1}', { publish: away.publish })).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' })
})
