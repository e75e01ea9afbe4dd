import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decimalKey, decimalOf } from './decimal.ts'
import { decimalIn, ExactNumber, parseExactly } from './exact-json.ts'

const keyIn = (text: string) => {
  const decimal = decimalIn((parseExactly(text) as { n: unknown }).n)
  return decimal && decimalKey(decimal)
}

it('keeps every digit, wherever a double would lose one', () => {
  const token = fc
    .tuple(fc.bigInt(), fc.nat(30), fc.integer({ min: -400, max: 400 }))
    .map(([digits, places, power]) => {
      const [, sign, text = ''] = /^(-?)(\d+)$/.exec(`${digits}`) ?? []
      const padded = text.padStart(places + 1, '0')
      const fraction = places > 0 ? `.${padded.slice(-places)}` : ''
      return `${sign}${padded.slice(0, padded.length - places)}${fraction}${power === 0 ? '' : `e${power}`}`
    })
    // JSON has no numbers that begin with a zero which says nothing.
    .filter((text) => /^-?(0|[1-9])/.test(text) && !/^-?0\d/.test(text))
  fc.assert(
    fc.property(token, fc.constantFrom('{"n":', '{ "n" :\n'), (text, before) => {
      return keyIn(`${before}${text}}`) === decimalKey(decimalOf(text))
    }),
  )
})

it('reads numbers that a double holds as JSON.parse does', () => {
  expect(parseExactly('{"a":[1,2.5,-3e2],"b":"2026-05-01T12:00:00.123456789012"}')).toEqual({
    a: [1, 2.5, -300],
    b: '2026-05-01T12:00:00.123456789012',
  })
  expect(parseExactly('[9007199254740993]')).toEqual([new ExactNumber('9007199254740993')])
})

it('lets the last of equal names count', () => {
  expect(parseExactly('{"a":1,"a":9007199254740993}')).toEqual({ a: new ExactNumber('9007199254740993') })
})

it('refuses what is not JSON', () => {
  expect(() => parseExactly('{"a":9007199254740993,}')).toThrow(SyntaxError)
})

it('survives nesting without end', () => {
  const deep = `${'['.repeat(100_000)}9007199254740993${']'.repeat(100_000)}`
  expect(Array.isArray(parseExactly(deep))).toBe(true)
})
