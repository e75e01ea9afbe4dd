import kafkajs, { type SASLOptions } from 'kafkajs'
import { expect, it, onTestFinished } from 'vitest'
import { metadata } from '../api/metadata.ts'
import { ask } from '../testing/ask.ts'
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

it('closes the connection of who asks for anything before saying who it is', async () => {
  const { port } = await temporaryBroker({ users })
  const wanted = { topics: null, allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false }
  const question = ask(port, metadata, 8, { ...wanted, includeClusterAuthorizedOperations: false })
  await expect(question).rejects.toThrow('closed')
})
