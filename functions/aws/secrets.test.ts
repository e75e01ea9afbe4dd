import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { withSecrets } from './secrets.ts'

const arn = 'arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:StoreUrl-AbCdEf'
const version = '0123abcd-0000-4000-8000-0123456789ab'

let asked: { headers: IncomingHttpHeaders; body: unknown }[]
let answer: { status: number; body: string }
let environment: Record<string, string>
let close: () => void
beforeEach(async () => {
  asked = []
  answer = { status: 200, body: JSON.stringify({ SecretString: 'postgres://the/secret' }) }
  const server = createServer(async (request, response) => {
    asked.push({ headers: request.headers, body: await json(request) })
    response.writeHead(answer.status).end(answer.body)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  close = () => server.close()
  environment = {
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'never-sent',
    AWS_SESSION_TOKEN: 'of-the-role',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    STORE_URL_SECRET_ARN: `${arn}:::${version}`,
    TOPIC: 'retail-events',
  }
})
afterEach(() => close())

test('a variable that names a secret is read by the role, in the version that is named', async () => {
  const { STORE_URL, TOPIC } = await withSecrets(environment)
  expect([STORE_URL, TOPIC]).toEqual(['postgres://the/secret', 'retail-events'])
  expect(asked).toHaveLength(1)
  expect(asked[0]?.body).toEqual({ SecretId: arn, VersionId: version })
  expect(asked[0]?.headers).toMatchObject({
    'x-amz-target': 'secretsmanager.GetSecretValue',
    'x-amz-security-token': 'of-the-role',
    authorization: expect.stringMatching(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/ap-southeast-2\/secretsmanager\/aws4_request, SignedHeaders=content-type;host;/,
    ),
  })
  expect(JSON.stringify(asked)).not.toContain('never-sent')
})

test('an environment that names none is as it is, and nobody is asked', async () => {
  const local = { STORE_URL: 'sqlite:file.db', STORE_URL_SECRET_ARN: undefined }
  expect(await withSecrets(local)).toEqual(local)
  expect(asked).toEqual([])
})

test.each([
  [
    'a role that may not',
    { status: 400, body: '{"__type":"AccessDeniedException","Message":"User x"}' },
    'AccessDenied',
  ],
  ['a secret that is no text', { status: 200, body: '{"SecretBinary":"AAAA"}' }, 'status 200'],
  ['an answer that is none', { status: 502, body: '<html>' }, 'no answer'],
])('%s is told by the name of the secret, and can be tried again', async (_, given, says) => {
  answer = given
  await expect(withSecrets(environment)).rejects.toMatchObject({
    code: 'SECRET_UNAVAILABLE',
    retriable: true,
    message: expect.stringMatching(`${arn}: ${says}`),
  })
})

test('what is no ARN, and an environment without credentials, are told by the variable', async () => {
  const asTold = (change: object) => withSecrets({ ...environment, ...change })
  await expect(asTold({ STORE_URL_SECRET_ARN: 'postgres://u:hidden@h/d' })).rejects.toThrow(
    /^CONFIG_INVALID: STORE_URL_SECRET_ARN: expected the ARN of a secret$/,
  )
  await expect(asTold({ AWS_ACCESS_KEY_ID: undefined })).rejects.toThrow(/CONFIG_INVALID: AWS_ACCESS_KEY_ID/)
  expect(asked).toEqual([])
})
