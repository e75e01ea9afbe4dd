import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { root } from './bundle-entry.mjs'
import { type LocalFunction, startFunction } from './function.ts'
import type { InvokeResult } from './invoke-result.ts'

const cache = join(root, 'node_modules/.cache')
let folder: string
let started: LocalFunction | undefined
let messages: string[]

beforeEach(async () => {
  await mkdir(cache, { recursive: true })
  folder = mkdtempSync(join(cache, 'freshet-reload-'))
  messages = []
})
afterEach(async () => {
  await started?.close()
  started = undefined
  rmSync(folder, { recursive: true })
})

function write(name: string, source: string): void {
  // As editors do: a new file takes the old one's place.
  writeFileSync(join(folder, `${name}.new`), source)
  renameSync(join(folder, `${name}.new`), join(folder, name))
}

async function start(concurrencyMax = 1): Promise<LocalFunction> {
  started = await startFunction({
    name: 'shop',
    handler: `${relative(root, folder)}/handler.handler`,
    env: {},
    timeoutMs: 5_000,
    memoryMB: 128,
    concurrencyMax,
    watch: true,
    onReload: (message) => messages.push(message),
  })
  return started
}

/** Waits until as many messages have come. */
async function told(count: number): Promise<string> {
  await vi.waitFor(() => expect(messages).toHaveLength(count), { timeout: 10_000, interval: 5 })
  return messages.at(-1) as string
}

const payload = (result: InvokeResult) => (result.kind === 'ok' ? result.payload : result)

test('a change of any source is taken up by the next invocation, never inside one', async () => {
  write('word.ts', `export const word = 'before'`)
  write(
    'handler.ts',
    `import { word } from './word.ts'
     export const handler = async (event) => { await new Promise((go) => setTimeout(go, event.ms)); return word }`,
  )
  const shop = await start()
  expect(payload(await shop.invoke('{"ms":0}'))).toBe('"before"')
  const during = shop.invoke('{"ms":400}')
  write('word.ts', `export const word = 'after'`)
  expect(await told(1)).toMatch(/^shop reloaded in \d+ ms$/)
  expect(payload(await during)).toBe('"before"')
  expect(await shop.invoke('{"ms":0}')).toMatchObject({ kind: 'ok', payload: '"after"', coldStart: true })
})

test('a broken source changes nothing and says where it is broken; mended, it is taken up', async () => {
  write('handler.ts', 'export const handler = async () => 1')
  const shop = await start()
  write('handler.ts', 'export const handler = async () => 2 +')
  const message = await told(1)
  expect(message).toContain('shop is not reloaded, the code before goes on')
  expect(message).toContain('handler.ts:1:')
  expect(payload(await shop.invoke('{}'))).toBe('1')
  write('handler.ts', 'export const handler = async () => 1')
  expect(await told(2)).toBe('shop builds again, unchanged')
  write('handler.ts', 'export const renamed = async () => 3')
  expect(await told(3)).toContain('exports renamed, but not handler')
  expect(payload(await shop.invoke('{}'))).toBe('1')
  write('handler.ts', 'export const handler = async () => 4')
  await told(4)
  expect(payload(await shop.invoke('{}'))).toBe('4')
})

test('a function that starts broken answers why, and runs once it is mended, even by a new file', async () => {
  write('handler.ts', `import { word } from './word.ts'\nexport const handler = async () => word`)
  const shop = await start()
  expect(await shop.invoke('{}')).toMatchObject({
    kind: 'function-error',
    errorType: 'Runtime.UserCodeSyntaxError',
    errorMessage: expect.stringContaining('Could not resolve "./word.ts"'),
  })
  write('word.ts', `export const word = 'here'`)
  await told(1)
  expect(payload(await shop.invoke('{}'))).toBe('"here"')
})

test('a save that changes no code leaves the environments warm', async () => {
  write('handler.ts', 'export const handler = async () => 1')
  const shop = await start()
  await shop.invoke('{}')
  write('handler.ts', 'export const handler = async () => 1')
  // Nothing is told of what is not taken up, so there is only time to wait for: several times what a reload takes.
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(messages).toEqual([])
  expect(await shop.invoke('{}')).toMatchObject({ coldStart: false })
})

test('an error while the module loads is told with its cause, and a mended module runs', async () => {
  write('handler.ts', `throw new TypeError('no shop without a till')`)
  await expect(start()).rejects.toMatchObject({ code: 'HANDLER_NOT_FOUND' })
  write('handler.ts', `if (1) throw new TypeError('no shop without a till')\nexport const handler = async () => 1`)
  const shop = await start()
  const failed = { kind: 'function-error', errorType: 'TypeError', errorMessage: 'no shop without a till' }
  expect(await shop.invoke('{}')).toMatchObject(failed)
  write('handler.ts', 'export const handler = async () => 1')
  await told(1)
  expect(payload(await shop.invoke('{}'))).toBe('1')
})
