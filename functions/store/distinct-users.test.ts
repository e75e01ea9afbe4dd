// The estimate is honest about itself: right for few users, within its error for many, the same however it was merged.
import { expect, it } from 'vitest'
import { addUser, distinctUsersError, emptySketch, estimateUsers, mergeSketch } from './distinct-users.ts'

function sketchOf(users: Iterable<number>): Uint8Array {
  const sketch = emptySketch()
  for (const user of users) addUser(sketch, user)
  return sketch
}

function* range(from: number, to: number, step = 1) {
  for (let user = from; user < to; user += step) yield user
}

it.each([
  ['nobody', 0, 1],
  ['one', 1, 1],
  ['a hundred', 100, 1],
  ['the simulated shop’s', 9_000, 1],
  ['a million', 1_000_000, 1],
  ['users with very big numbers', 50_000, 2 ** 33 + 1],
])('counts %s', (_, count, step) => {
  const estimate = estimateUsers(sketchOf(range(1_000, 1_000 + count * step, step)))
  expect(Math.abs(estimate - count)).toBeLessThanOrEqual(3 * distinctUsersError * count)
})

it('tells users below zero apart, and counts a user once', () => {
  expect(estimateUsers(sketchOf([-1, -2, 1, 2, 1, 2, -1]))).toBe(4)
  expect(addUser(sketchOf([5]), 5)).toBe(false)
})

it('merged, it is what all users together would have given', () => {
  const merged = sketchOf(range(0, 6_000))
  mergeSketch(merged, sketchOf(range(4_000, 10_000)))
  expect(merged).toEqual(sketchOf(range(0, 10_000)))
})
