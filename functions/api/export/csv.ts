// Rows as CSV that a spreadsheet opens without running any of it.

/** A cell that begins so is a formula to spreadsheets. https://owasp.org/www-community/attacks/CSV_Injection */
const formula = /^[=+\-@\t\r\n＝＋－＠]/

const needsQuotes = /[",\r\n]/

/**
 * One line, with its end (RFC 4180). Text that a spreadsheet would take for a formula gets an apostrophe in front, so
 * what must be exact is better had as NDJSON. Objects become JSON, null an empty cell.
 */
export function csvLine(cells: unknown[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

function csvCell(cell: unknown): string {
  if (cell === null || cell === undefined) return ''
  if (typeof cell === 'number' || typeof cell === 'boolean') return String(cell)
  const text = typeof cell === 'string' ? cell : JSON.stringify(cell)
  const safe = formula.test(text) ? `'${text}` : text
  return needsQuotes.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
