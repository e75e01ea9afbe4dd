// A stand-in for AWS Secrets Manager: it gives the secrets that it holds to whoever signs the question.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

export interface SecretsManager {
  /** What a function needs to ask it: Lambda's credentials, where it is, and the names of the secrets. */
  variables: Record<string, string>
  close(): void
}

const region = 'ap-southeast-2'
const version = 'terraform-20261123000000000000000001'
const signature =
  /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/ap-southeast-2\/secretsmanager\/aws4_request, .*Signature=\w{64}$/

/** `secrets` by the variables that they are to become. */
export async function startSecretsManager(secrets: Record<string, string>): Promise<SecretsManager> {
  const arnOf = (name: string) => `arn:aws:secretsmanager:${region}:123456789012:secret:${name}-AbCdEf`
  const values = new Map(Object.entries(secrets).map(([name, value]) => [arnOf(name), value]))
  const server = createServer(async (request, response) => {
    const asked = (await json(request)) as { SecretId: string; VersionId: string }
    const value = values.get(asked.SecretId)
    const isSigned = signature.test(request.headers.authorization ?? '')
    const isGiven = isSigned && request.headers['x-amz-security-token'] === 'session' && asked.VersionId === version
    if (!isGiven || value === undefined) response.writeHead(400).end('{"__type":"AccessDeniedException"}')
    else response.end(JSON.stringify({ ARN: asked.SecretId, SecretString: value }))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    variables: {
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
      AWS_SESSION_TOKEN: 'session',
      AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      ...Object.fromEntries(Object.keys(secrets).map((name) => [`${name}_SECRET_ARN`, `${arnOf(name)}:::${version}`])),
    },
    close: () => server.close(),
  }
}
