import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pipeline } from '../../infra/pipeline.ts'
import { root } from './bundle-entry.mjs'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'freshet-invoke-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

interface Output {
  code: number
  stdout: string
  stderr: string
}

/** What `npm run invoke -- ...` runs. */
function invoke(args: string[], input = ''): Promise<Output> {
  const { KAFKA_BOOTSTRAP_SERVERS: _kafka, STORE_URL: _store, ...env } = process.env
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['local/run.mjs', 'local/runtime/invoke.ts', ...args],
      { cwd: root, env },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
    child.stdin?.end(input)
  })
}

const handler = (name: string) => `local/runtime/fixtures/handlers.${name}`

test('prints the answer alone to the standard output, and logs, time and memory beside it', async () => {
  writeFileSync(join(folder, 'event.json'), '{"text":"hello\\n"}')
  const printing = await invoke([handler('printing'), join(folder, 'event.json')])
  expect(printing).toMatchObject({ code: 0, stdout: 'null\n' })
  expect(printing.stderr).toMatch(/^INIT_START .*\nSTART RequestId: .*\n(.*\n)*hello\n(.*\n)*END RequestId/)
  expect(printing.stderr).toMatch(/\nok: [\d.]+ ms, init [\d.]+ ms, peak memory [\d.]+ MB\n$/)
})

test('reads the event from the standard input, and gives the function the local stage and what --env adds', async () => {
  const args = [handler('environment'), '-', '--data', folder, '--env', 'A=1', '--env', 'TOPIC=a=b']
  const { stdout } = await invoke(args, '{}')
  expect(JSON.parse(stdout)).toMatchObject({
    STORE_URL: `sqlite:${folder}/freshet.db`,
    KAFKA_BOOTSTRAP_SERVERS: 'localhost:9092',
    CONSUMER_GROUP_ID: pipeline.mappings[0]?.consumerGroupId,
    A: '1',
    TOPIC: 'a=b',
  })
})

test('a function that fails is printed with its error, and exits 1', async () => {
  const { code, stdout, stderr } = await invoke([handler('throwing'), '-'], '{}')
  expect(code).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({ errorType: 'ShopClosed', errorMessage: 'we open at nine' })
  expect(stderr).toMatch(/\nfailed: /)
})

test('an unknown function is answered with the names there are', async () => {
  const { code, stderr } = await invoke(['nobody', '-'], '{}')
  expect(code).toBe(1)
  for (const name of Object.keys(pipeline.functions)) expect(stderr).toContain(name)
})

test.each([
  ['no file', ['absent.json'], '', 'EVENT_FILE_INVALID: absent.json'],
  ['no JSON', ['-'], '{', 'EVENT_FILE_INVALID: -: Expected'],
  ['no KEY=VALUE', ['-', '--env', 'A'], '{}', 'Expected KEY=VALUE'],
])('%s is said in a sentence', async (_name, args, input, message) => {
  const { code, stderr } = await invoke([handler('echo'), ...args], input)
  expect(code).toBe(1)
  expect(stderr).toContain(message)
  expect(stderr).not.toContain('    at ')
})
