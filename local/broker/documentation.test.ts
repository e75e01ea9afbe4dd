import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { apis } from './api/table.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/broker.md'), 'utf8')

it('documents every API that is served, with its versions', () => {
  const rows = page.matchAll(/^\| (\w+(?:, \w+)*) \| ([\d, -]+) \|/gm)
  const documented = [...rows].flatMap(([, names, versions]) => {
    const ranges = (versions as string).split(',')
    return (names as string).split(', ').map((name, i) => `${name} ${ranges[i]?.trim()}`)
  })
  const range = ([first, last]: readonly [number, number]) => (first === last ? `${first}` : `${first}-${last}`)
  const served = [...apis.values()].map(({ name, versions }) => `${name} ${range(versions)}`)
  expect(documented.sort()).toEqual(served.sort())
})

it('shows an example that is itself a test', () => {
  const [, example] = /```ts\n(import .*?)```/s.exec(page) ?? []
  const tested = readFileSync(join(import.meta.dirname, 'example.test.ts'), 'utf8')
  // The first line says what the file is for; the page says it in its own words.
  const shown = tested.slice(tested.indexOf('import')).replace("'./broker.ts'", "'./local/broker/broker.ts'")
  expect(example).toBe(shown)
})
