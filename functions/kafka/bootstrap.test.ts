// What a function knows about its brokers from its environment. AWS itself is not asked here.
import { afterEach, expect, test, vi } from 'vitest'
import { kafkaConfig } from './bootstrap.ts'

afterEach(() => vi.unstubAllEnvs())

const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/0a1b2c3d-1'

test('takes the brokers that are named, without encryption', async () => {
  const config = await kafkaConfig({ KAFKA_BOOTSTRAP_SERVERS: 'one:9092,two:9093' })
  expect(config).toMatchObject({ brokers: ['one:9092', 'two:9093'] })
  expect(config.ssl).toBeUndefined()
  expect(await kafkaConfig({ KAFKA_BOOTSTRAP_SERVERS: 'one:9092,two:9093' })).toBe(config)
})

test('to an MSK cluster connects by TLS with a token of its own role', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'an-id')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'a-key')
  const config = await kafkaConfig({ KAFKA_BOOTSTRAP_SERVERS: 'b-1.shop:9098', MSK_CLUSTER_ARN: arn })
  expect(config).toMatchObject({ brokers: ['b-1.shop:9098'], ssl: true, sasl: { mechanism: 'oauthbearer' } })
  const sasl = config.sasl as { oauthBearerProvider(): Promise<{ value: string }> }
  const url = new URL(Buffer.from((await sasl.oauthBearerProvider()).value, 'base64url').toString())
  expect(url.host).toBe('kafka.eu-west-1.amazonaws.com')
  expect(url.searchParams.get('Action')).toBe('kafka-cluster:Connect')
})

test('names the variable that is missing or malformed, and never its value', async () => {
  await expect(kafkaConfig({})).rejects.toThrow('CONFIG_INVALID: KAFKA_BOOTSTRAP_SERVERS or MSK_CLUSTER_ARN')
  const malformed = () => kafkaConfig({ KAFKA_BOOTSTRAP_SERVERS: 'user:secret@host' })
  expect(malformed).toThrow(/KAFKA_BOOTSTRAP_SERVERS: expected host:port/)
  expect(malformed).not.toThrow(/secret/)
  expect(() => kafkaConfig({ MSK_CLUSTER_ARN: 'shop' })).toThrow(/MSK_CLUSTER_ARN: expected the ARN/)
})
