// Columns of values as Postgres array literals, so that one statement takes any number of rows.
// https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO

export function numbers(values: (number | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`
}

export function booleans(values: boolean[]): string {
  return `{${values.join(',')}}`
}

/** Text as Postgres can hold it. */
export function texts(values: (string | null)[]): string {
  return `{${values.map((value) => (value === null ? 'NULL' : `"${escaped(storableText(value))}"`)).join(',')}}`
}

export function bytes(values: (Uint8Array | null)[]): string {
  return hexBytes(values.map((value) => value && hexOf(value)))
}

/** The same of bytes that are written in hexadecimal already. */
export function hexBytes(values: (string | null)[]): string {
  return `{${values.map((value) => (value === null ? 'NULL' : `"\\\\x${value}"`)).join(',')}}`
}

/** Postgres text holds neither a NUL, which a reason may quote from a record, nor half of a character: U+FFFD shows them. */
export function storableText(text: string): string {
  const whole = text.toWellFormed()
  return whole.includes('\0') ? whole.replaceAll('\0', '\ufffd') : whole
}

function escaped(text: string): string {
  return /["\\]/.test(text) ? text.replace(/["\\]/g, '\\$&') : text
}

function hexOf(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')
}
