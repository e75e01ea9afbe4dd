// Asks a Confluent-compatible schema registry for schemas by their ids.
// https://docs.confluent.io/platform/current/schema-registry/develop/api.html
import { z } from 'zod'
import type { SchemaReference } from './codec.ts'

export interface RegisteredSchema {
  language: 'AVRO' | 'PROTOBUF' | 'JSON'
  text: string
  /** Imported ones before those that import them. */
  references: SchemaReference[]
}

export type Lookup =
  | { kind: 'found'; schema: RegisteredSchema }
  | { kind: 'not-found'; detail: string }
  /** No answer, or none that says anything of the schema: trying again may help. */
  | { kind: 'unavailable'; detail: string }

const timeoutMs = 5_000
/** Of one answer. The largest schemas in the field are some hundred kilobytes. */
const answerBytesMax = 4 * 1024 * 1024
/** In all, however deep: what imports itself must end. */
const referencesMax = 100

const referenceSchema = z.object({ name: z.string(), subject: z.string(), version: z.int() })
const answerSchema = z.object({
  schema: z.string(),
  // Avro came first, so it is the one that is not named.
  schemaType: z.enum(['AVRO', 'PROTOBUF', 'JSON']).default('AVRO'),
  references: z.array(referenceSchema).max(referencesMax).default([]),
})

type Answer = z.infer<typeof answerSchema>

class NotFound extends Error {}

/** A name and password in the URL are sent as such, and never shown. */
export function registryClient(url: string): (id: number) => Promise<Lookup> {
  const base = new URL(url.endsWith('/') ? url : `${url}/`)
  const headers = { accept: 'application/vnd.schemaregistry.v1+json, application/json', ...authorization(base) }
  base.username = ''
  base.password = ''
  return async function lookUp(id) {
    try {
      const { schema: text, schemaType: language, references } = await ask(`schemas/ids/${id}`)
      return { kind: 'found', schema: { language, text, references: await collect(references) } }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      const kind = error instanceof NotFound ? 'not-found' : 'unavailable'
      return { kind, detail: `The schema registry ${base.origin} on schema ${id}: ${why}` }
    }
  }

  async function ask(path: string): Promise<Answer> {
    // A redirect could lead anywhere, and credentials would go along.
    const signal = AbortSignal.timeout(timeoutMs)
    const response = await fetch(new URL(path, base), { headers, redirect: 'error', signal })
    const body = await readBounded(response)
    if (response.status === 404) throw new NotFound(`not found: ${body.slice(0, 200)}`)
    if (!response.ok) throw new Error(`HTTP ${response.status}: ${body.slice(0, 200)}`)
    return answerSchema.parse(JSON.parse(body))
  }

  async function collect(
    references: Answer['references'],
    known = new Map<string, SchemaReference | null>(),
  ): Promise<SchemaReference[]> {
    const collected: SchemaReference[] = []
    for (const { name, subject, version } of references) {
      if (known.has(name)) continue
      if (known.size >= referencesMax) throw new Error(`more than ${referencesMax} references`)
      known.set(name, null)
      const { schema: text, references: more } = await ask(
        `subjects/${encodeURIComponent(subject)}/versions/${version}`,
      )
      collected.push(...(await collect(more, known)), { name, text })
    }
    return collected
  }
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '') return {}
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > answerBytesMax) throw new Error(`an answer of more than ${answerBytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
