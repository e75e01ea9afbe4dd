import { expect, it } from 'vitest'
import type { EventRow } from '../../functions/api/schemas.ts'
import { toCsv, toNdjson } from './export.ts'

const row = (change: object) =>
  ({
    seq: 1,
    event_id: 'e',
    product_id: null,
    amount: -2.5,
    region: 'AU-NSW',
    extra: { note: 'x' },
    ...change,
  }) as unknown as EventRow

it('writes one JSON object a line, with everything in it', () => {
  const lines = toNdjson([row({}), row({ seq: 2 })]).split('\n')
  expect(lines).toHaveLength(3)
  expect(JSON.parse(lines[1] as string)).toEqual(row({ seq: 2 }))
})

it('quotes what would break a line of CSV, and lets no text run as a formula', () => {
  const event_id = '=HYPERLINK("http://a")'
  const csv = toCsv([row({ event_id, region: 'a,b\nc' })])
  expect(csv).toContain(`"'=HYPERLINK(""http://a"")"`)
  expect(csv).toContain('"a,b\nc"')
  expect(csv).toContain(',-2.5,')
})
