// A bookmark leads back to where a file was left, and never into another file.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { beginning, bookmarkOf } from './bookmark.ts'

const directory = mkdtempSync(join(tmpdir(), 'freshet-bookmark-'))
const place = { bytes: 6_000, lines: 3, sent: 2, refused: 1 }
let count = 0

async function markedFile() {
  const path = join(directory, `${count++}.ndjson`)
  writeFileSync(path, 'a'.repeat(7_000))
  const file = await open(path)
  const bookmark = (target = 'here') => bookmarkOf(file, { directory: join(directory, 'send'), path, target })
  await bookmark().keep(place)
  return { path, bookmark, close: () => file.close() }
}

it('is found again, also when the file has grown, until it is removed', async () => {
  const { path, bookmark, close } = await markedFile()
  expect(await bookmark().read()).toEqual(place)
  writeFileSync(path, 'a'.repeat(9_000))
  expect(await bookmark().read()).toEqual(place)
  await bookmark().remove()
  expect(await bookmark().read()).toEqual(beginning)
  await close()
})

it.each([
  ['begins otherwise', `b${'a'.repeat(6_999)}`],
  ['differs before the place', `${'a'.repeat(5_999)}b${'a'.repeat(1_000)}`],
  ['is shorter by now', 'a'.repeat(5_000)],
])('is not used when the file %s', async (_, content) => {
  const { path, bookmark, close } = await markedFile()
  writeFileSync(path, content)
  expect(await bookmark().read()).toEqual(beginning)
  await close()
})

it('is one for each Kafka and topic', async () => {
  const { bookmark, close } = await markedFile()
  expect(await bookmark('elsewhere').read()).toEqual(beginning)
  await close()
})
