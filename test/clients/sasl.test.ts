// librdkafka (kcat) against a broker that knows its users.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { temporaryBroker } from '../../local/broker/testing/temporary.ts'

const run = promisify(execFile)

it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])(
  'kcat produces and consumes after proving who it is: %s',
  async (mechanism) => {
    const topics = [{ name: 'guarded', partitions: 1 }]
    const { bootstrap } = await temporaryBroker({ users: { shop: 'right' }, topics, host: '127.0.0.1' })
    const kcat = (password: string, ...args: string[]) => {
      const settings = ['security.protocol=SASL_PLAINTEXT', `sasl.mechanism=${mechanism}`, 'sasl.username=shop']
      const given = [...settings, `sasl.password=${password}`].flatMap((setting) => ['-X', setting])
      const kcatRun = run('kcat', ['-b', bootstrap, '-t', 'guarded', ...given, ...args], { timeout: 20_000 })
      kcatRun.child.stdin?.end('hello\n')
      return kcatRun
    }
    await kcat('right', '-P')
    expect((await kcat('right', '-C', '-e', '-q')).stdout).toBe('hello\n')
    await expect(kcat('wrong', '-P')).rejects.toMatchObject({
      stderr: expect.stringContaining('Authentication failed'),
    })
  },
)
