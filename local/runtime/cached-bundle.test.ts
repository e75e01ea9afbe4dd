import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cachedBundle, root } from './cached-bundle.mjs'

const cache = join(root, 'node_modules/.cache')
let folder: string
let entry: string

beforeEach(() => {
  mkdirSync(cache, { recursive: true })
  folder = mkdtempSync(join(cache, 'freshet-bundle-'))
  entry = join(folder, 'handler.ts')
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(source: string, savedAt: Date): void {
  writeFileSync(entry, source)
  utimesSync(entry, savedAt, savedAt)
}

async function bundled(): Promise<string> {
  return readFileSync((await cachedBundle({ entry })).file, 'utf8')
}

const yesterday = new Date(Date.now() - 86_400_000)
const today = new Date(Date.now() - 60_000)

test('a changed source is bundled anew, an unchanged one keeps its file', async () => {
  write(`export const handler = () => 'one'`, yesterday)
  const first = await cachedBundle({ entry })
  expect(await cachedBundle({ entry })).toEqual(first)
  write(`export const handler = () => 'two'`, today)
  expect(await bundled()).toContain('two')
})

test('a source that is saved while it is bundled is not remembered as what it was before', async () => {
  const whileBundled = new Date(Date.now() + 5_000)
  write(`export const handler = () => 'one'`, whileBundled)
  expect(await bundled()).toContain('one')
  write(`export const handler = () => 'two'`, whileBundled)
  expect(await bundled()).toContain('two')
})

test('a bundle that is used stays young, so that it is not removed', async () => {
  write(`export const handler = () => 'one'`, yesterday)
  const { file } = await cachedBundle({ entry })
  utimesSync(file, yesterday, yesterday)
  await cachedBundle({ entry })
  expect(statSync(file).mtimeMs).toBeGreaterThan(yesterday.getTime())
})

test('in an image the bundle is kept, whatever the times of its sources became when it was packed', async () => {
  write(`export const handler = () => 'one'`, yesterday)
  const { file } = await cachedBundle({ entry })
  write(`export const handler = () => 'two'`, today)
  const kept = (bundles: Record<string, string>) =>
    execFileSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `const { cachedBundle } = await import('./local/runtime/cached-bundle.mjs')
         process.stdout.write((await cachedBundle({ entry: ${JSON.stringify(entry)} })).file)`,
      ],
      { cwd: root, env: { ...process.env, ...bundles }, encoding: 'utf8' },
    )
  expect(kept({ FRESHET_BUNDLES: 'kept' })).toBe(file)
  expect(kept({})).not.toBe(file)
})
