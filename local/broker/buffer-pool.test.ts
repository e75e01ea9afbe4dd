import { expect, it } from 'vitest'
import { BufferPool } from './buffer-pool.ts'

const mb = 1024 * 1024

it('gives a large buffer that came back again, and never one to two at a time', () => {
  const pool = new BufferPool()
  const [first, second] = [pool.take(mb), pool.take(mb)]
  expect([first.length, second.length, first.buffer === second.buffer]).toEqual([mb, mb, false])
  pool.give(first.subarray(100, 200))
  const again = pool.take(mb - 1)
  expect([again.length, again.buffer === first.buffer]).toEqual([mb - 1, true])
  expect(pool.take(mb).buffer).not.toBe(first.buffer)
})

it('keeps a few megabytes, whatever comes back', () => {
  const pool = new BufferPool()
  const taken = Array.from({ length: 30 }, () => pool.take(mb))
  for (const buffer of taken) pool.give(buffer)
  const again = Array.from({ length: 30 }, () => pool.take(mb).buffer)
  const reused = taken.filter(({ buffer }) => again.includes(buffer))
  expect(reused).toHaveLength(8)
})
