// The table of errors and the page that users read say the same.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { problemOf } from './api/problem.ts'
import { type ErrorCode, errorTable, PipelineError } from './errors.ts'
import { rejectionCodes } from './events/rejection.ts'

const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')
const [, errors = '', rejections = ''] = page.split(/^## /m)

/** The cells of a table's rows, without its head. */
const rows = (section: string) =>
  [...section.matchAll(/^\| `([A-Z0-9_]+)` +\|(.*)\|$/gm)].map(([, code, rest = '']) => [
    code as string,
    ...rest.split('|').map((cell) => cell.trim()),
  ])

test('every error stands in docs/errors.md, and nothing else does', () => {
  expect(rows(errors).map(([code]) => code)).toEqual(Object.keys(errorTable))
})

test('every reason for putting a record aside stands there too', () => {
  expect(rows(rejections).map(([code]) => code)).toEqual([...rejectionCodes])
})

test('the page says truly whether trying again helps, and what the API answers', () => {
  for (const [code, again, status] of rows(errors)) {
    expect([code, again]).toEqual([code, errorTable[code as ErrorCode].retriable ? 'yes' : 'no'])
    if (status !== '') {
      expect([code, status]).toEqual([code, String(problemOf(new PipelineError(code as ErrorCode, 'x')).status)])
    }
  }
})
