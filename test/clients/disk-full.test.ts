// A disk that is really full, as far as the broker's process can tell: its files may not grow beyond a limit (prlimit).
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { endProcess, startBrokerProcess } from '../../local/broker/testing/broker-process.ts'
import { temporaryDirectory } from '../../local/broker/testing/temporary.ts'

const run = promisify(execFile)
const limitBytes = 300_000
const line = `${'x'.repeat(999)}\n`

it('refuses what it cannot keep, keeps what it acknowledged, and goes on when there is room', async () => {
  const dataDir = temporaryDirectory()
  const { child, port } = await startBrokerProcess(dataDir)
  onTestFinished(() => endProcess(child, 'SIGKILL'))
  const limit = (fileBytes: number | 'unlimited') =>
    run('prlimit', ['--pid', String(child.pid), `--fsize=${fileBytes}:unlimited`])

  await limit(limitBytes)
  expect(await produce(port, 100)).toBe('acknowledged')
  expect(await produce(port, 400)).toContain('Message timed out')
  expect(await countOf(port)).toBe(100)
  await limit('unlimited')
  expect(await produce(port, 400)).toBe('acknowledged')
  expect(await countOf(port)).toBe(500)

  await endProcess(child, 'SIGKILL')
  const reopened = await startBrokerProcess(dataDir)
  onTestFinished(() => endProcess(reopened.child, 'SIGKILL'))
  expect(await countOf(reopened.port)).toBe(500)
})

/** Sends lines as one batch, all of which are acknowledged or none; returns what kcat complained of. */
async function produce(port: number, lines: number): Promise<string> {
  const settings = ['acks=all', 'message.timeout.ms=5000', 'linger.ms=2000'].flatMap((each) => ['-X', each])
  const kcat = run('kcat', ['-P', '-b', `localhost:${port}`, '-t', 'events', ...settings])
  kcat.child.stdin?.end(line.repeat(lines))
  return kcat.then(
    () => 'acknowledged',
    (error: { stderr: string }) => error.stderr,
  )
}

async function countOf(port: number): Promise<number> {
  const { stdout } = await run('kcat', ['-C', '-b', `localhost:${port}`, '-t', 'events', '-e', '-q'])
  return stdout.length / line.length
}
