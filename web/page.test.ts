// What is promised of the built page as files: its weight, and that a strict content security policy lets it run.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'freshet-page-'))
let files: { name: string; bytes: Buffer }[]

beforeAll(async () => {
  const root = fileURLToPath(new URL('.', import.meta.url))
  // As `npm run build` makes it: a test runner's own setting would leave Svelte's development checks in.
  vi.stubEnv('NODE_ENV', 'production')
  await build({
    root,
    configFile: join(root, 'vite.config.ts'),
    logLevel: 'error',
    build: { outDir: folder, emptyOutDir: true },
  })
  files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => ({ name: entry.name, bytes: readFileSync(join(entry.parentPath, entry.name)) }))
})

afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

it('weighs less than 60 KB gzip in all', () => {
  const bytes = files.reduce((sum, file) => sum + gzipSync(file.bytes).length, 0)
  expect(bytes).toBeGreaterThan(10_000)
  expect(bytes).toBeLessThan(60_000)
})

it('has neither inline scripts nor inline styles', () => {
  const html = files.find(({ name }) => name === 'index.html')?.bytes.toString() ?? ''
  expect(html).toContain('<script type="module"')
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/)
})

it('writes text as text: nothing of it sets innerHTML from data', () => {
  const sources = readdirSync(fileURLToPath(new URL('.', import.meta.url)), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.svelte'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
  expect(sources.length).toBeGreaterThan(5)
  expect(sources.filter((source) => source.includes('{@html'))).toEqual([])
})
