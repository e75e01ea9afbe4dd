import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { KeptMember } from './kept-member.ts'

const host = hostname()
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'freshet-members-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const left = (name: string, kept: object | string) =>
  writeFileSync(join(folder, name), typeof kept === 'string' ? kept : JSON.stringify(kept))

it('tells of members of its own group whose process is gone, once', () => {
  left('gone.json', { host, pid: 2 ** 30, groupId: 'g', memberId: 'dead' })
  left('other.json', { host, pid: 2 ** 30, groupId: 'other', memberId: 'not ours' })
  left('living.json', { host, pid: process.ppid, groupId: 'g', memberId: 'living' })
  left('elsewhere.json', { host: 'another', pid: process.pid, groupId: 'g', memberId: 'of another container' })
  left('half.json', '{"pid":')
  expect(new KeptMember(folder, 'g').takeDead()).toEqual(['dead'])
  expect(new KeptMember(folder, 'g').takeDead()).toEqual([])
  expect(new KeptMember(folder, 'other').takeDead()).toEqual(['not ours'])
})

it('takes for dead what an earlier process with its own number has left, unless that one left the group itself', () => {
  new KeptMember(folder, 'g').keep('earlier')
  const member = new KeptMember(folder, 'g')
  expect(member.takeDead()).toEqual(['earlier'])
  member.keep('later')
  member.forget()
  expect(new KeptMember(folder, 'g').takeDead()).toEqual([])
})

it('does without where nothing can be written', () => {
  left('a file', 'in place of a folder')
  const member = new KeptMember(join(folder, 'a file', 'members'), 'g')
  member.keep('any')
  expect(member.takeDead()).toEqual([])
})
