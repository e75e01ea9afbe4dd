import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compareDecimals, decimalKey, decimalOf } from './decimal.ts'

const order = (a: string, b: string) => Math.sign(compareDecimals(decimalOf(a), decimalOf(b)))
const key = (token: string) => decimalKey(decimalOf(token))

it.each([
  ['300', '300.0'],
  ['300', '3.0e2'],
  ['300', '0.03E+4'],
  ['0', '-0.000e9'],
  ['-1.50', '-15e-1'],
])('takes %s and %s for the same number', (a, b) => {
  expect(key(a)).toBe(key(b))
  expect(order(a, b)).toBe(0)
})

it.each([
  ['9007199254740992', '9007199254740993'],
  ['0.1', '0.10000000000000000001'],
  ['-2', '-1'],
  ['-1', '0'],
  ['0', '1e-400'],
  ['1e400', '1e401'],
  ['9', '10'],
  ['-10', '-9'],
  ['12', '123'],
])('takes %s for less than %s', (a, b) => {
  expect([order(a, b), order(b, a)]).toEqual([-1, 1])
  expect(key(a)).not.toBe(key(b))
})

it('orders integers of any length as they are', () => {
  fc.assert(fc.property(fc.bigInt(), fc.bigInt(), (a, b) => order(`${a}`, `${b}`) === (a < b ? -1 : a > b ? 1 : 0)))
})

it('orders any two doubles as doubles are ordered', () => {
  const double = fc.double({ noNaN: true, noDefaultInfinity: true })
  fc.assert(fc.property(double, double, (a, b) => order(String(a), String(b)) === (a < b ? -1 : a > b ? 1 : 0)))
})
