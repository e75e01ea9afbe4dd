// docs/runtime.md names a test for each of its rows, and that test is there.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root } from './bundle-entry.mjs'

const page = readFileSync(join(root, 'docs/runtime.md'), 'utf8')
const sources = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))

/** Titles with their `%s` filled in by the first text of each row of their table, as vitest does it. */
const titles = sources.flatMap((source) =>
  [...source.matchAll(/\btest(?:\.each\(\[([\s\S]*?)\]\))?\(\s*'([^']+)'/g)].flatMap(([, table, title = '']) => {
    const names = [...(table ?? '').matchAll(/\[\s*'([^']+)'/g)].map(([, name]) => name as string)
    return names.length > 0 ? names.map((name) => title.replace('%s', name)) : [title]
  }),
)

const rows = page
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\|(-+\|)+$|\| test \|$/.test(line))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )

it.each(rows)('%s', (...cells) => {
  expect(cells).toHaveLength(4)
  expect(titles).toContain(cells.at(-1))
})
