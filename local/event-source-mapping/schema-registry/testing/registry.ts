// A schema registry in this process, with the few routes that readers use.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface TestSchema {
  schema: string
  schemaType?: 'AVRO' | 'PROTOBUF' | 'JSON'
  references?: { name: string; subject: string; version: number }[]
}

export interface TestRegistry {
  url: string
  /** By id. May be added to while it runs. */
  schemas: Map<number, TestSchema>
  /** By `<subject>/<version>`. */
  subjects: Map<string, TestSchema>
  /** Paths that were asked for, in order, and the last authorization that came. */
  asked: string[]
  authorization: string | undefined
  /** Answers this status to everything, until it is null again. */
  outage: number | null
  close(): Promise<void>
}

export async function startTestRegistry(): Promise<TestRegistry> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '')
    registry.asked.push(path)
    registry.authorization = request.headers.authorization
    const byId = /^\/schemas\/ids\/(\d+)$/.exec(path)
    const byVersion = /^\/subjects\/(.+)\/versions\/(\d+)$/.exec(path)
    const schema = byId
      ? registry.schemas.get(Number(byId[1]))
      : registry.subjects.get(`${byVersion?.[1]}/${byVersion?.[2]}`)
    const status = registry.outage ?? (schema ? 200 : 404)
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' })
    response.end(JSON.stringify(status === 200 ? schema : { error_code: 40403, message: 'Schema not found' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const registry: TestRegistry = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    schemas: new Map(),
    subjects: new Map(),
    asked: [],
    authorization: undefined,
    outage: null,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
  return registry
}

/** The bytes of a record's attribute: a zero byte, the schema's id, the payload. */
export function framed(id: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(id, 1)
  return Buffer.concat([head, payload])
}
