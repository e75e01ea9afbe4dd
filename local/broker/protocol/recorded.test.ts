// The codecs against what Apache Kafka 4.1.0 and its clients really wrote, recorded by test/fidelity/record.ts.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { apis } from '../api/table.ts'
import { readRequestHeader } from './header.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

interface Recorded {
  apiKey: number
  version: number
  /** Who asked; 'resent' where a request was written by this codec and accepted by Kafka. */
  clientId: string
  request: string
  response: string
}

const directory = join(import.meta.dirname, 'fixtures')
const recorded = readdirSync(directory)
  .filter((file) => file.endsWith('.jsonl'))
  .flatMap((file) => readFileSync(join(directory, file), 'utf8').trim().split('\n'))
  .map((line) => JSON.parse(line) as Recorded)

const apiOf = ({ apiKey }: Recorded) => {
  const api = apis.get(apiKey)
  if (!api) throw new Error(`Recorded, but not served: ${apiKey}`)
  return api
}

describe('what Kafka and its clients wrote', () => {
  it('is there for every API that is served', () => {
    const missing = [...apis.values()].filter(({ key }) => !recorded.some(({ apiKey }) => apiKey === key))
    expect(missing.map(({ name }) => name)).toEqual([])
  })

  it.each(['request', 'response'] as const)('is read to its last byte and written back as it came: %ss', (kind) => {
    for (const each of recorded) {
      const api = apiOf(each)
      const bytes = Buffer.from(each[kind], 'hex')
      const reader =
        kind === 'request' ? readRequestHeader(bytes, () => api.flexibleSince).reader : afterHeader(bytes, each)
      const from = reader.position
      const codec = kind === 'request' ? api.requestCodec(each.version) : api.responseCodec(each.version)
      const value = codec.read(reader)
      const what = `${api.name} ${kind} v${each.version} of ${each.clientId}`
      expect(reader.remaining, what).toBe(0)
      const writer = new Writer()
      codec.write(writer, value as never)
      expect(writer.toBuffer().toString('hex'), what).toBe(bytes.toString('hex', from))
    }
  })
})

/** A response's header is its correlation id, with tagged fields in flexible versions; ApiVersions never has them (KIP-511). */
function afterHeader(bytes: Buffer, each: Recorded): Reader {
  const { key, flexibleSince } = apiOf(each)
  return new Reader(bytes, each.version >= flexibleSince && key !== apiVersionsKey ? 5 : 4)
}

const apiVersionsKey = 18
