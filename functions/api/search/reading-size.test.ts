// Readings grow while they are quick and shrink when they are slow, between the smallest and the largest.
import { expect, it } from 'vitest'
import { readingSize } from './reading-size.ts'

it('doubles at most, up to the largest', () => {
  const size = readingSize(4_000)
  const sizes = [size.rows]
  for (let n = 0; n < 4; n++) {
    size.took(0)
    sizes.push(size.rows)
  }
  expect(sizes).toEqual([500, 1_000, 2_000, 4_000, 4_000])
})

it('shrinks at once by as much as it was too slow, but not to nothing', () => {
  const size = readingSize(4_000)
  size.took(12.5)
  expect(size.rows).toBe(400)
  size.took(300)
  expect(size.rows).toBe(100)
})

it('stays at a size that takes the time it may', () => {
  const size = readingSize(4_000)
  size.took(10)
  expect(size.rows).toBe(500)
})

it('is never more than was asked for', () => {
  const size = readingSize(20)
  size.took(1_000)
  expect(size.rows).toBe(20)
})
