// Java's clients against an embedded broker that knows its users.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { temporaryBroker } from '../../local/broker/testing/temporary.ts'
import { javaTool } from './apache-kafka.ts'
import { lines } from './programs.ts'

const loginModules = {
  PLAIN: 'org.apache.kafka.common.security.plain.PlainLoginModule',
  'SCRAM-SHA-256': 'org.apache.kafka.common.security.scram.ScramLoginModule',
  'SCRAM-SHA-512': 'org.apache.kafka.common.security.scram.ScramLoginModule',
}

function clientConfig(mechanism: keyof typeof loginModules, password: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-sasl-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'client.properties')
  const login = `${loginModules[mechanism]} required username="shop" password="${password}";`
  writeFileSync(file, `security.protocol=SASL_PLAINTEXT\nsasl.mechanism=${mechanism}\nsasl.jaas.config=${login}\n`)
  return file
}

it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)(
  'lets Java in with the password alone: %s',
  async (mechanism) => {
    const topics = [{ name: 'guarded', partitions: 1 }]
    const { bootstrap } = await temporaryBroker({ users: { shop: 'right' }, topics })
    const to = ['--bootstrap-server', bootstrap, '--topic', 'guarded']
    const right = clientConfig(mechanism, 'right')
    const producer = 'org.apache.kafka.tools.ConsoleProducer'
    expect((await javaTool(producer, [...to, '--producer.config', right], { input: 'hello\n' })).code).toBe(0)
    const reading = ['--from-beginning', '--max-messages', '1', '--consumer.config', right]
    const { out } = await javaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [...to, ...reading])
    expect(lines(out)).toContain('hello')

    const wrong = ['--bootstrap-server', bootstrap, '--command-config', clientConfig(mechanism, 'wrong'), '--list']
    const refused = await javaTool('org.apache.kafka.tools.TopicCommand', wrong)
    expect(refused.code).toBe(1)
    expect(refused.out + refused.err).toContain('SaslAuthenticationException')
  },
)
