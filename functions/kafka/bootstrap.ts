// How to reach Kafka: brokers by name, or those of an MSK cluster, with IAM where it is MSK.
import type { KafkaConfig, LogEntry } from 'kafkajs'
import { z } from 'zod'
import { readEnvironment } from '../environment.ts'
import { PipelineError } from '../errors.ts'

const variables = z.object({
  KAFKA_BOOTSTRAP_SERVERS: z
    .string()
    .regex(/^[^\s,]+:\d+(,[^\s,]+:\d+)*$/, 'expected host:port,host:port')
    .optional(),
  MSK_CLUSTER_ARN: z
    .string()
    .regex(/^arn:[\w-]+:kafka:[\w-]+:\d+:cluster\/\S+$/, 'expected the ARN of an MSK cluster')
    .optional(),
})

type Environment = Record<string, string | undefined>

/** A broker that is there answers within a second; one that is not must be known as such within five. */
const timeouts = {
  connectionTimeout: 1000,
  authenticationTimeout: 3000,
  requestTimeout: 3000,
  retry: { initialRetryTime: 50, maxRetryTime: 1000, retries: 5 },
} satisfies Partial<KafkaConfig>

const cache = new Map<string, Promise<KafkaConfig>>()

/**
 * kafkajs's configuration by the environment: `KAFKA_BOOTSTRAP_SERVERS`, or else the brokers that AWS names for
 * `MSK_CLUSTER_ARN`. With a cluster's ARN the connection is TLS with a token of the function's own IAM role. Asked
 * once per environment; a failure is not kept.
 *
 * @throws PipelineError CONFIG_INVALID, KAFKA_UNAVAILABLE when AWS does not name the brokers
 */
export function kafkaConfig(environment: Environment = process.env): Promise<KafkaConfig> {
  const { KAFKA_BOOTSTRAP_SERVERS: servers, MSK_CLUSTER_ARN: arn } = readEnvironment(variables, environment)
  const key = `${servers} ${arn}`
  const known = cache.get(key)
  if (known) return known
  const config = configOf(servers, arn)
  cache.set(key, config)
  config.catch(() => cache.delete(key))
  return config
}

async function configOf(servers: string | undefined, arn: string | undefined): Promise<KafkaConfig> {
  const common = { clientId: 'freshet', logCreator: () => logLine, ...timeouts }
  if (arn === undefined) {
    if (servers === undefined) {
      throw new PipelineError('CONFIG_INVALID', 'KAFKA_BOOTSTRAP_SERVERS or MSK_CLUSTER_ARN: one of them is needed')
    }
    return { ...common, brokers: servers.split(',') }
  }
  const region = arn.split(':')[3] as string
  return {
    ...common,
    brokers: servers?.split(',') ?? (await brokersOf(arn, region)),
    ssl: true,
    sasl: { mechanism: 'oauthbearer', oauthBearerProvider: () => iamToken(region) },
  }
}

/** https://docs.aws.amazon.com/msk/1.0/apireference/clusters-clusterarn-bootstrap-brokers.html */
async function brokersOf(arn: string, region: string): Promise<string[]> {
  // Loaded here, since it is heavy and only a function without the brokers' names needs it.
  const { GetBootstrapBrokersCommand, KafkaClient } = await import('@aws-sdk/client-kafka')
  const client = new KafkaClient({ region })
  try {
    const answer = await client.send(new GetBootstrapBrokersCommand({ ClusterArn: arn }))
    const brokers = answer.BootstrapBrokerStringSaslIam
    if (!brokers) {
      throw new PipelineError('CONFIG_INVALID', `MSK_CLUSTER_ARN: ${arn} has no IAM listener`, {
        hint: 'Turn on IAM access control for the cluster.',
      })
    }
    return brokers.split(',')
  } catch (cause) {
    if (cause instanceof PipelineError) throw cause
    throw new PipelineError('KAFKA_UNAVAILABLE', `AWS did not name the brokers of ${arn}`, { cause })
  } finally {
    client.destroy()
  }
}

/** https://github.com/aws/aws-msk-iam-sasl-signer-js: a presigned kafka-cluster:Connect, good for 15 minutes. */
async function iamToken(region: string): Promise<{ value: string }> {
  const { generateAuthToken } = await import('aws-msk-iam-sasl-signer-js')
  return { value: (await generateAuthToken({ region })).token }
}

/** kafkajs's own lines are for its errors; what matters to the caller comes as an exception. */
function logLine(entry: LogEntry): void {
  if (process.env.KAFKAJS_LOG_LEVEL === undefined) return
  console.error(`kafkajs ${entry.label} ${entry.namespace} ${entry.log.message}`)
}
