// Decimal numbers as JSON writes them, compared exactly: a double would take 9007199254740993 for ...992.

/** sign * 0.digits * 10^exponent. `digits` neither begins nor ends with 0, and is empty for zero. */
export interface Decimal {
  sign: 1 | -1
  digits: string
  /** Exact up to 2^53, which no text of a record's size reaches but by an exponent of 16 digits. */
  exponent: number
}

const grammar = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

/** @throws TypeError when the text is no JSON number. */
export function decimalOf(token: string): Decimal {
  const match = grammar.exec(token)
  if (!match) throw new TypeError(`Expected a JSON number, got ${token.slice(0, 100)}`)
  const [, minus, whole = '', fraction = '', power = '0'] = match
  const digits = whole + fraction
  let from = 0
  let to = digits.length
  while (from < to && digits[from] === '0') from += 1
  while (to > from && digits[to - 1] === '0') to -= 1
  if (from === to) return { sign: 1, digits: '', exponent: 0 }
  return {
    sign: minus ? -1 : 1,
    digits: digits.slice(from, to),
    exponent: whole.length - from + Number(power),
  }
}

/** Negative, 0 or positive, as `a` is less than, equal to or more than `b`. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.digits === '' || b.digits === '') return signum(a) - signum(b)
  if (a.sign !== b.sign) return a.sign - b.sign
  if (a.exponent !== b.exponent) return a.exponent < b.exponent ? -a.sign : a.sign
  if (a.digits === b.digits) return 0
  // Both begin behind the point, so text order is number order.
  return a.digits < b.digits ? -a.sign : a.sign
}

/** The same text for equal numbers, however they were written. */
export function decimalKey({ sign, digits, exponent }: Decimal): string {
  return `${sign < 0 ? '-' : ''}${digits}e${exponent}`
}

function signum({ sign, digits }: Decimal): number {
  return digits === '' ? 0 : sign
}
