import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryDirectory } from '../testing/temporary.ts'
import { disk } from './disk.ts'
import { memoryStorage } from './memory.ts'

const bytes = (length: number, seed = 0) => Buffer.from(Array.from({ length }, (_, i) => (i * 31 + seed) % 256))

describe.each([
  ['the disk', () => ({ storage: disk, folder: temporaryDirectory() })],
  ['memory', () => ({ storage: memoryStorage(), folder: '/any/folder' })],
])('%s', (_, fresh) => {
  it('gives back what was written, wherever it lies, and no more than there is', () => {
    const { storage, folder } = fresh()
    const file = join(folder, 'log')
    const written = bytes(200_000)
    const stored = storage.open(file)
    for (let at = 0; at < written.length; at += 30_000) stored.write(written.subarray(at, at + 30_000), at)
    for (const [position, length] of [
      [0, 10],
      [65_530, 12],
      [131_000, 69_000],
      [199_990, 10],
    ] as const) {
      const into = Buffer.alloc(length)
      expect(stored.read(into, position)).toBe(length)
      expect(into.equals(written.subarray(position, position + length))).toBe(true)
    }
    expect(stored.read(Buffer.alloc(100), 199_990)).toBe(10)
    expect(stored.read(Buffer.alloc(100), 200_000)).toBe(0)
    expect(storage.size(file)).toBe(200_000)
    expect(storage.content(file)?.equals(written)).toBe(true)
    stored.close()
  })

  it('goes on behind what was left after a cut', () => {
    const { storage, folder } = fresh()
    const stored = storage.open(join(folder, 'log'))
    stored.write(bytes(100_000), 0)
    stored.truncate(70_000)
    stored.write(bytes(10, 7), 70_000)
    const expected = Buffer.concat([bytes(100_000).subarray(0, 70_000), bytes(10, 7)])
    expect(storage.content(join(folder, 'log'))?.equals(expected)).toBe(true)
    stored.close()
  })

  it('knows what lies in a folder, and forgets what is removed with all it holds', () => {
    const { storage, folder } = fresh()
    storage.makeFolder(join(folder, 'topics', 'a'))
    storage.makeFolder(join(folder, 'topics', 'ab'))
    for (const name of ['1', '2']) storage.open(join(folder, 'topics', 'a', name)).close()
    expect(storage.list(join(folder, 'topics')).sort()).toEqual(['a', 'ab'])
    expect(storage.list(join(folder, 'topics', 'a')).sort()).toEqual(['1', '2'])
    storage.remove(join(folder, 'topics', 'a', '1'))
    storage.remove(join(folder, 'topics', 'a', '1'))
    expect(storage.list(join(folder, 'topics', 'a'))).toEqual(['2'])
    storage.remove(join(folder, 'topics', 'a'))
    expect(storage.list(join(folder, 'topics'))).toEqual(['ab'])
    expect(storage.content(join(folder, 'topics', 'a', '2'))).toBeNull()
  })

  it('replaces and renames whole files', () => {
    const { storage, folder } = fresh()
    const [one, other] = [join(folder, 'one'), join(folder, 'other')]
    storage.replace(one, bytes(100_000), true)
    storage.replace(one, Buffer.from('short'), true)
    storage.replace(other, Buffer.from('other'), false)
    storage.rename(one, other)
    expect([storage.content(one), String(storage.content(other))]).toEqual([null, 'short'])
    expect(() => storage.size(one)).toThrow('ENOENT')
  })
})

describe('memory', () => {
  it('is full at its limit, keeps what it had, and has room again when something is removed', () => {
    const storage = memoryStorage(1024 * 1024)
    const stored = storage.open('a')
    stored.write(bytes(900_000), 0)
    const other = storage.open('b')
    const more = () => other.write(bytes(200_000), 0)
    expect(more).toThrow('ENOSPC: no room left of the 1 MB that the broker keeps in memory')
    expect([storage.size('a'), storage.size('b')]).toEqual([900_000, 0])
    stored.truncate(500_000)
    more()
    expect(() => storage.replace('c', bytes(500_000), true)).toThrow('ENOSPC')
    storage.remove('a')
    storage.replace('c', bytes(500_000), true)
    expect(storage.content('c')?.equals(bytes(500_000))).toBe(true)
  })
})
