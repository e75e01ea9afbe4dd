import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { disk } from '../storage/disk.ts'
import { temporaryDirectory } from '../testing/temporary.ts'
import { CommittedOffsets } from './offsets.ts'

const at = (offset: number, topic = 'events', partition = 0) => {
  return { topic, partition, offset, leaderEpoch: 0, metadata: '' }
}

function open(file: string) {
  const lines: string[] = []
  const place = { storage: disk, file, say: (line: string) => void lines.push(line), fsync: false }
  return Object.assign(new CommittedOffsets(place), { lines })
}

it('keeps the newest offset of each partition over a restart', () => {
  const file = join(temporaryDirectory(), 'offsets.log')
  const offsets = open(file)
  offsets.commit('g', [at(1), at(7, 'events', 1)])
  offsets.commit('g', [at(2)])
  offsets.commit('other', [at(9)])
  for (const each of [offsets, open(file)]) {
    expect(each.get('g', 'events', 0)).toMatchObject({ offset: 2 })
    expect(each.get('g', 'events', 1)).toMatchObject({ offset: 7 })
    expect(each.get('other', 'events', 0)).toMatchObject({ offset: 9 })
    expect(each.get('g', 'absent', 0)).toBeUndefined()
  }
})

it('forgets what was committed for a topic, in every group, for good', () => {
  const file = join(temporaryDirectory(), 'offsets.log')
  const offsets = open(file)
  offsets.commit('g', [at(1), at(2, 'kept')])
  offsets.commit('h', [at(3)])
  offsets.forgetTopic('events')
  for (const each of [offsets, open(file)]) {
    expect(each.get('g', 'events', 0)).toBeUndefined()
    expect(each.get('g', 'kept', 0)).toMatchObject({ offset: 2 })
    expect(each.groupIds()).toEqual(['g'])
  }
})

it('cuts an unfinished commit off wherever it stopped, and says so', () => {
  const file = join(temporaryDirectory(), 'offsets.log')
  open(file).commit('g', [at(1)])
  const whole = statSync(file).size
  const offsets = open(file)
  offsets.commit('g', [at(2)])
  const content = readFileSync(file)
  for (let cut = content.length - 1; cut > whole; cut--) {
    writeFileSync(file, content.subarray(0, cut))
    const reopened = open(file)
    expect(reopened.get('g', 'events', 0)).toMatchObject({ offset: 1 })
    expect(reopened.lines).toEqual([`${file}: cut ${cut - whole} bytes of an unfinished write off`])
    reopened.close()
  }
})

it('refuses damage with commits behind it, and names the file', () => {
  const file = join(temporaryDirectory(), 'offsets.log')
  const offsets = open(file)
  for (let i = 0; i < 3; i++) offsets.commit('g', [at(i)])
  const content = readFileSync(file)
  content[10] = (content[10] as number) ^ 1
  writeFileSync(file, content)
  expect(() => open(file)).toThrow(`LOG_CORRUPT: ${file} is damaged at byte 0`)
})

it('does not grow with the number of commits', () => {
  const file = join(temporaryDirectory(), 'offsets.log')
  const offsets = open(file)
  const metadata = 'm'.repeat(4000)
  for (let i = 0; i < 3000; i++) offsets.commit('g', [{ ...at(i), metadata }])
  expect(statSync(file).size).toBeLessThan(5 * 1024 * 1024)
  expect(open(file).get('g', 'events', 0)).toMatchObject({ offset: 2999 })
})
