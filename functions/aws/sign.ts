// AWS's signature of a request (version 4), as far as services that take JSON at `/` need it.
import { createHmac, hash } from 'node:crypto'

export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
  /** Comes with those of a role. */
  sessionToken?: string | undefined
}

export interface SignedRequest {
  host: string
  /** Names in small letters. All of them are signed. */
  headers: Record<string, string>
  body: string
}

export interface Scope {
  region: string
  service: string
  /** ms since 1970. The service takes requests of the last five minutes. */
  nowMs: number
}

/**
 * The headers of a POST to `/` without a query, with the signature among them.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signedHeaders(
  { host, headers, body }: SignedRequest,
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  { region, service, nowMs }: Scope,
): Record<string, string> {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const day = time.slice(0, 8)
  const all: Record<string, string> = {
    ...headers,
    host,
    'x-amz-date': time,
    ...(sessionToken && { 'x-amz-security-token': sessionToken }),
  }
  const names = Object.keys(all).sort()
  const lines = names.map((name) => `${name}:${all[name]}\n`).join('')
  const request = ['POST', '/', '', lines, names.join(';'), hash('sha256', body)].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const text = ['AWS4-HMAC-SHA256', time, scope, hash('sha256', request)].join('\n')
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(keyed, `AWS4${secretAccessKey}`)
  const signature = keyed(key, text).toString('hex')
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  return { ...all, authorization }
}

function keyed(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
