// Rows as text to take away: NDJSON with everything in them, CSV for a spreadsheet.
import type { EventRow } from '../../functions/api/schemas.ts'

const columns = [
  'seq',
  'event_id',
  'event_type',
  'user_id',
  'product_id',
  'amount',
  'region',
  'timestamp',
  'processed_at',
  'topic',
  'partition',
  'offset',
] as const satisfies (keyof EventRow)[]

export function toNdjson(rows: EventRow[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
}

/** RFC 4180, with a head. */
export function toCsv(rows: EventRow[]): string {
  const lines = rows.map((row) => columns.map((column) => cell(row[column])).join(','))
  return [columns.join(','), ...lines, ''].join('\r\n')
}

/** Text that a spreadsheet would run as a formula is led by an apostrophe: https://owasp.org/www-community/attacks/CSV_Injection */
function cell(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

/** Hands text to the browser as a file to keep. */
export function saveAs(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = Object.assign(document.createElement('a'), { href: url, download: name })
  link.click()
  URL.revokeObjectURL(url)
}
