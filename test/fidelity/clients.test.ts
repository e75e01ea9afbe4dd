// Clients in other languages: librdkafka (confluent-kafka and kcat), franz-go, and @platformatic/kafka on the Node it needs.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { seenOnBoth } from './both.ts'
import { cacheDirectory, lines, succeed } from './programs.ts'

const here = import.meta.dirname
const python = process.env.PYTHON ?? 'python3'

it('confluent-kafka: codecs, cooperative and static members, transactions, admin', async () => {
  const seen = await seenOnBoth(async (bootstrap) =>
    JSON.parse(await succeed(python, [join(here, 'confluent.py'), bootstrap])),
  )
  expect(seen).toMatchObject({ zstd: 0, moved: 3, tooLarge: ['MSG_SIZE_TOO_LARGE'], groupDeleted: null, deleted: null })
})

it('kcat produces, lists, reads back, and reads as a group', async () => {
  const seen = await seenOnBoth(async (bootstrap) => {
    const kcat = (args: string[], input?: string) =>
      succeed('kcat', ['-b', bootstrap, ...args], { input, missing: 'apt-get install kcat' })
    const input = Array.from({ length: 20 }, (_, i) => `k${i}:v${i}`).join('\n')
    await kcat(['-P', '-t', 'kcat', '-K', ':', '-H', 'from=kcat', '-z', 'lz4'], input)
    const format = ['-f', '%p/%o/%k/%s/%h\\n', '-q']
    const metadata = JSON.parse(await kcat(['-L', '-J', '-t', 'kcat']))
    return {
      partitions: metadata.topics[0].partitions.length,
      read: lines(await kcat(['-C', '-t', 'kcat', '-e', ...format])),
      fromOffset: lines(await kcat(['-C', '-t', 'kcat', '-o', '15', '-e', ...format])),
      ends: await kcat(['-Q', '-t', 'kcat:0:-1']),
      grouped: lines(
        await kcat(['-G', 'kcat-readers', '-X', 'auto.offset.reset=earliest', '-c', '20', ...format, 'kcat']),
      ),
    }
  })
  expect(seen.read).toHaveLength(20)
})

it('franz-go: zstd, cooperative and static members, transactions', async () => {
  const program = join(cacheDirectory('franz-go'), 'franz-go')
  const missing = 'The Go client needs Go 1.24 or newer: https://go.dev/doc/install'
  await succeed('go', ['build', '-o', program, '.'], { cwd: join(here, 'franz-go'), timeoutMs: 300_000, missing })
  const seen = await seenOnBoth(async (bootstrap) => JSON.parse(await succeed(program, [bootstrap])))
  expect(seen).toMatchObject({ tooLarge: true })
}, 400_000)

it('@platformatic/kafka produces, consumes and describes', async () => {
  const modules = await platformatic()
  const newerNode = join(modules, nodePackage, 'bin/node')
  const library = join(modules, '@platformatic/kafka/dist/index.js')
  const seen = await seenOnBoth(async (bootstrap) =>
    JSON.parse(await succeed(newerNode, [join(here, 'platformatic.mjs'), bootstrap, library])),
  )
  expect(seen.first).toHaveLength(20)
}, 400_000)

/** Node as a package: this client refuses the Node that the project itself supports. */
const nodePackage = `node-${process.platform}-${process.arch}`

/** Installs the client beside the project, as it is no dependency of it; returns where its packages lie. */
async function platformatic(): Promise<string> {
  const directory = cacheDirectory('platformatic')
  const modules = join(directory, 'node_modules')
  if (!existsSync(join(modules, nodePackage))) {
    const wanted = ['@platformatic/kafka@2.12.1', `${nodePackage}@24.9.0`]
    const quietly = ['--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts']
    await succeed('npm', ['install', '--prefix', directory, ...quietly, ...wanted], { timeoutMs: 300_000 })
  }
  return modules
}
