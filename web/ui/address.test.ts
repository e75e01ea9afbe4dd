import { expect, it } from 'vitest'
import { plainView, readAddress, type View, writeAddress } from './address.ts'

it('brings back what it wrote, and writes nothing for the plain view', () => {
  const view: View = {
    range: '2h',
    from: 1_000,
    to: 2_000,
    type: 'purchase',
    region: 'AU-NSW & more',
    user: '4242',
    row: 17,
    letters: '3',
  }
  expect(readAddress(writeAddress(view))).toEqual(view)
  expect(writeAddress(plainView)).toBe('')
  expect(readAddress('')).toEqual(plainView)
})

it('leaves out what it does not understand', () => {
  expect(readAddress('?range=9y&row=-1&other=1')).toEqual(plainView)
  expect(readAddress('?from=5&to=4')).toEqual(plainView)
  expect(readAddress('?row=1e99')).toEqual(plainView)
  expect(readAddress(`?user=${'x'.repeat(5000)}`).user).toHaveLength(200)
})
