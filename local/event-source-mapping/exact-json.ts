// JSON whose numbers keep every digit, read as fast as JSON.parse where a double loses none.
import { parse } from 'lossless-json'
import { type Decimal, decimalOf } from './decimal.ts'

/** A number of which a double would lose digits. */
export class ExactNumber {
  readonly token: string

  constructor(token: string) {
    this.token = token
  }
}

/**
 * A number of 16 digits or more, or with an exponent of three: the only ones of which a double can lose something. Any with
 * up to 15 significant digits comes back from a double as it was. Numbers in JSON follow one of these characters, those in
 * most texts do not.
 */
const beyondDouble = /(?:^|[\s:,[])-?(?:\d[\d.]{15}|[\d.]+[eE][-+]?\d{3})/

/**
 * The value of a JSON text; numbers that a double cannot hold are `ExactNumber`. Of equal names the last one counts.
 *
 * @throws SyntaxError when the text is not JSON
 */
export function parseExactly(text: string): unknown {
  const value: unknown = JSON.parse(text)
  if (!beyondDouble.test(text)) return value
  try {
    return parse(text, null, {
      parseNumber: (token) => new ExactNumber(token),
      onDuplicateKey: ({ newValue }) => newValue,
    })
  } catch (error) {
    // It is JSON, since JSON.parse took it, but nested deeper than a recursive parser can follow.
    if (error instanceof RangeError) return value
    throw error
  }
}

/** The decimal of a number from `parseExactly`; null for what is no number. */
export function decimalIn(value: unknown): Decimal | null {
  if (value instanceof ExactNumber) return decimalOf(value.token)
  return typeof value === 'number' && Number.isFinite(value) ? decimalOf(String(value)) : null
}
