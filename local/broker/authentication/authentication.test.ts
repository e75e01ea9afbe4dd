import kafkajs, { type SASLOptions } from 'kafkajs'
import { expect, it, onTestFinished } from 'vitest'
import { metadata } from '../api/metadata.ts'
import { ask } from '../testing/ask.ts'
import { exchange } from '../testing/exchange.ts'
import { temporaryBroker } from '../testing/temporary.ts'

const users = { shop: 'p,a=ss', other: 'word' }

async function topicsSeenBy(bootstrap: string, sasl: SASLOptions) {
  const retry = { retries: 0 }
  const kafka = new kafkajs.Kafka({ brokers: [bootstrap], sasl, logLevel: kafkajs.logLevel.NOTHING, retry })
  const admin = kafka.admin()
  onTestFinished(() => admin.disconnect())
  await admin.connect()
  return admin.listTopics()
}

it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
  'lets in who knows the password, and nobody else: %s',
  async (mechanism) => {
    const { bootstrap } = await temporaryBroker({ users, topics: [{ name: 'events', partitions: 1 }] })
    const as = (username: string, password: string) => topicsSeenBy(bootstrap, { mechanism, username, password })
    expect(await as('shop', 'p,a=ss')).toEqual(['events'])
    await expect(as('shop', 'word')).rejects.toThrow()
    await expect(as('stranger', '')).rejects.toThrow()
  },
)

it('takes tokens without requests around them after SaslHandshake in version 0, as older clients send them', async () => {
  const { port } = await temporaryBroker({ users })
  const framed = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes])
  const request = (key: number, version: number, body: Buffer) =>
    framed(Buffer.concat([Buffer.from([0, key, 0, version, 0, 0, 0, 9, 0xff, 0xff]), body]))
  const handshake = request(17, 0, Buffer.concat([Buffer.from([0, 5]), Buffer.from('PLAIN')]))
  const listing = request(16, 0, Buffer.alloc(0))
  const right = await exchange(port, Buffer.concat([handshake, framed(Buffer.from('\0shop\0p,a=ss')), listing]), 3)
  expect(right[1]).toHaveLength(0)
  expect(right[2]?.readInt32BE(0)).toBe(9)
  const wrong = await exchange(port, Buffer.concat([handshake, framed(Buffer.from('\0shop\0word')), listing]))
  expect(wrong).toHaveLength(1)
})

it('takes no large requests from strangers', async () => {
  const { port } = await temporaryBroker({ users })
  expect(await exchange(port, Buffer.from([0, 8, 0, 1]))).toHaveLength(0)
})

it('closes the connection of who asks for anything before saying who it is', async () => {
  const { port } = await temporaryBroker({ users })
  const wanted = { topics: null, allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false }
  const question = ask(port, metadata, 8, { ...wanted, includeClusterAuthorizedOperations: false })
  await expect(question).rejects.toThrow('closed')
})
