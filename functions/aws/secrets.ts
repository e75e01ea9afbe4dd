// Secrets that a function's environment only names: read from AWS once, as the function's own role.
import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import { z } from 'zod'
import { readEnvironment } from '../environment.ts'
import { PipelineError } from '../errors.ts'

type Environment = Record<string, string | undefined>

/** `STORE_URL_SECRET_ARN` names what is to be `STORE_URL`. */
const suffix = '_SECRET_ARN'

/** A secret, and a version of it where one is named: `arn:...:secret:NAME:::VERSION`, as containers of ECS name them. */
const secretArn = /^(arn:[\w-]+:secretsmanager:([\w-]+):\d{12}:secret:[\w/+=.@-]+)(?::::([\w-]{32,64}))?$/

/** Of the whole question: an invocation waits for it. */
const answerMsMax = 5_000

/** Lambda gives a function its role's credentials in these. */
const variables = z.object({
  AWS_ACCESS_KEY_ID: z.string().min(1),
  AWS_SECRET_ACCESS_KEY: z.string().min(1),
  AWS_SESSION_TOKEN: z.string().min(1).optional(),
  /** https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html */
  AWS_ENDPOINT_URL_SECRETS_MANAGER: z.url().optional(),
})

/**
 * The environment with the secrets that it names as variables: outside of the cloud, where none is named, as it is. Whoever
 * may read a function's configuration reads ARNs, and no secret.
 *
 * @throws PipelineError SECRET_UNAVAILABLE, CONFIG_INVALID; neither message holds a secret
 */
export async function withSecrets(environment: Environment): Promise<Environment> {
  const named = Object.entries(environment).filter(([name, arn]) => name.endsWith(suffix) && arn)
  const read = named.map(async ([name, arn = '']) => [
    name.slice(0, -suffix.length),
    await secretOf(name, arn, environment),
  ])
  return { ...environment, ...Object.fromEntries(await Promise.all(read)) }
}

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html */
async function secretOf(variable: string, arn: string, environment: Environment): Promise<string> {
  const [, id, region, version] = secretArn.exec(arn) ?? []
  if (!id || !region) throw new PipelineError('CONFIG_INVALID', `${variable}: expected the ARN of a secret`)
  const { AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint, ...keys } = readEnvironment(variables, environment)
  const credentials = {
    accessKeyId: keys.AWS_ACCESS_KEY_ID,
    secretAccessKey: keys.AWS_SECRET_ACCESS_KEY,
    ...(keys.AWS_SESSION_TOKEN && { sessionToken: keys.AWS_SESSION_TOKEN }),
  }
  const url = new URL(endpoint ?? `https://secretsmanager.${region}.amazonaws.com`)
  const signer = new SignatureV4({ service: 'secretsmanager', region, credentials, sha256: Sha256 })
  const { headers, body } = await signer.sign({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    path: '/',
    headers: {
      host: url.host,
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'secretsmanager.GetSecretValue',
    },
    body: JSON.stringify({ SecretId: id, VersionId: version }),
  })
  return ask(url, { headers, body }, id)
}

async function ask(url: URL, request: { headers: Record<string, string>; body: string }, id: string): Promise<string> {
  try {
    const { host: _, ...headers } = request.headers
    const signal = AbortSignal.timeout(answerMsMax)
    const response = await fetch(url, { method: 'POST', headers, body: request.body, signal })
    const answer = (await response.json()) as { SecretString?: unknown; __type?: unknown }
    if (typeof answer.SecretString === 'string') return answer.SecretString
    // AWS's name of the error; its message may name the role.
    throw new PipelineError('SECRET_UNAVAILABLE', `${id}: ${answer.__type ?? `status ${response.status}`}`)
  } catch (cause) {
    if (cause instanceof PipelineError) throw cause
    throw new PipelineError('SECRET_UNAVAILABLE', `${id}: no answer`, { cause })
  }
}
