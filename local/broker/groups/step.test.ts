import { describe, expect, it } from 'vitest'
import { drive, rebalanceMs, sessionMs, stable } from '../testing/drive-group.ts'
import { nextDeadline } from './group.ts'
import { heartbeat } from './step.ts'

describe('joining', () => {
  it('answers the first member at once and makes it the leader, who alone sees the members', () => {
    const g = drive()
    const answer = g.joined(g.join('a'))
    expect(answer).toMatchObject({ error: 'NONE', generation: 1, leaderId: 'a', memberId: 'a', protocolName: 'range' })
    expect(answer?.members.map(({ id }) => id)).toEqual(['a'])
    expect(g.group.phase).toBe('CompletingRebalance')
  })

  it('holds a second member until the first has joined again', () => {
    const g = stable('a')
    const b = g.join('b')
    expect(g.joined(b)).toBeUndefined()
    expect(g.heartbeat('a')).toBe('REBALANCE_IN_PROGRESS')
    const a = g.rejoin('a')
    expect(g.joined(a)).toMatchObject({ generation: 2, leaderId: 'a' })
    expect(g.joined(a)?.members.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(g.joined(b)).toMatchObject({ generation: 2, leaderId: 'a', members: [] })
  })

  it('hands out an id first where the version asks for it, and forgets ids nobody comes back with', () => {
    const g = drive()
    expect(g.joined(g.join('a', { idRequired: true }))).toMatchObject({ error: 'MEMBER_ID_REQUIRED', memberId: 'a' })
    expect(g.group.members.size).toBe(0)
    expect(g.joined(g.rejoin('a'))).toMatchObject({ error: 'NONE' })
    g.join('ghost', { idRequired: true })
    g.passes(sessionMs)
    expect(g.joined(g.rejoin('ghost'))).toMatchObject({ error: 'UNKNOWN_MEMBER_ID' })
  })

  it('refuses strangers to the group: unknown ids, other protocols, impossible session time-outs', () => {
    const g = stable('a')
    expect(g.joined(g.rejoin('x'))).toMatchObject({ error: 'UNKNOWN_MEMBER_ID' })
    const other = [{ name: 'sticky', metadata: Buffer.alloc(0) }]
    expect(g.joined(g.join('b', { protocols: other }))).toMatchObject({ error: 'INCONSISTENT_GROUP_PROTOCOL' })
    expect(g.joined(g.join('b', { protocolType: 'connect' }))).toMatchObject({ error: 'INCONSISTENT_GROUP_PROTOCOL' })
    expect(g.joined(g.join('b', { sessionTimeoutMs: 5999 }))).toMatchObject({ error: 'INVALID_SESSION_TIMEOUT' })
    expect(g.group.phase).toBe('Stable')
  })

  it('chooses the protocol that all know and most prefer', () => {
    const protocols = (...names: string[]) => names.map((name) => ({ name, metadata: Buffer.from(name) }))
    const g = drive()
    g.join('a', { protocols: protocols('only-a', 'range', 'sticky') })
    g.join('b', { protocols: protocols('sticky', 'range') })
    g.join('c', { protocols: protocols('sticky', 'range') })
    const a = g.join('a', { memberId: 'a', protocols: protocols('only-a', 'range', 'sticky') })
    expect(g.joined(a)).toMatchObject({ protocolName: 'sticky' })
    expect(g.joined(a)?.members.every(({ metadata }) => metadata.toString() === 'sticky')).toBe(true)
  })

  it('answers a follower that asks again without a rebalance, and rebalances for the leader', () => {
    const g = stable('a', 'b')
    const { generation } = g.group
    expect(g.joined(g.rejoin('b'))).toMatchObject({ error: 'NONE', generation })
    g.rejoin('a')
    expect(g.group.phase).toBe('PreparingRebalance')
  })

  it('gives a static member that comes back its place and its part without a rebalance, and fences its former self', () => {
    const g = drive()
    g.join('one', { instanceId: 'shop-1' })
    g.sync('one', { one: 'all' })
    const { generation } = g.group
    const back = g.joined(g.join('two', { instanceId: 'shop-1' }))
    expect(back).toMatchObject({ error: 'NONE', memberId: 'two', leaderId: 'two', generation, skipAssignment: true })
    expect(g.synced(g.sync('two'))).toMatchObject({ error: 'NONE', assignment: Buffer.from('all') })
    const former = { memberId: 'one', instanceId: 'shop-1', generation }
    expect(heartbeat(g.group, former, 0).error).toBe('FENCED_INSTANCE_ID')
    expect([...g.group.members.keys()]).toEqual(['two'])
  })

  it('tells a leader that comes back in an older version that its former self leads, so that it assigns nothing', () => {
    const g = drive()
    g.join('one', { instanceId: 'shop-1' })
    g.sync('one', { one: 'all' })
    const back = g.joined(g.join('two', { instanceId: 'shop-1', skipsAssignment: false }))
    expect(back).toMatchObject({ error: 'NONE', memberId: 'two', leaderId: 'one', members: [] })
    expect(g.group.leaderId).toBe('two')
  })

  it('rebalances when a static member comes back with a protocol that the group does not use', () => {
    const protocols = ['range', 'sticky'].map((name) => ({ name, metadata: Buffer.alloc(0) }))
    const g = drive()
    g.join('one', { instanceId: 'shop-1', protocols })
    g.sync('one', { one: 'all' })
    const back = g.joined(g.join('two', { instanceId: 'shop-1', protocols: protocols.slice(1) }))
    expect(back).toMatchObject({ error: 'NONE', generation: 2, protocolName: 'sticky', skipAssignment: false })
  })
})

describe('assignment', () => {
  it('reaches every member when the leader has decided', () => {
    const g = drive()
    g.join('a')
    g.join('b')
    g.rejoin('a')
    const b = g.sync('b')
    expect(g.synced(b)).toBeUndefined()
    const a = g.sync('a', { a: 'p0', b: 'p1' })
    expect(g.synced(a)?.assignment.toString()).toBe('p0')
    expect(g.synced(b)?.assignment.toString()).toBe('p1')
    expect(g.heartbeat('b')).toBe('NONE')
  })

  it('fences other generations and unknown members', () => {
    const g = stable('a')
    expect(g.synced(g.sync('a', {}, 7))).toMatchObject({ error: 'ILLEGAL_GENERATION' })
    expect(g.synced(g.sync('x'))).toMatchObject({ error: 'UNKNOWN_MEMBER_ID' })
    expect(g.heartbeat('a', 7)).toBe('ILLEGAL_GENERATION')
    expect(g.heartbeat('x')).toBe('UNKNOWN_MEMBER_ID')
  })

  it('sends those who wait for it back when a new member joins first', () => {
    const g = drive()
    g.join('a')
    g.join('b')
    g.rejoin('a')
    const b = g.sync('b')
    g.join('c')
    expect(g.synced(b)).toMatchObject({ error: 'REBALANCE_IN_PROGRESS' })
  })
})

describe('members who go', () => {
  it('hand over when they leave', () => {
    const g = stable('a', 'b')
    g.leave('b')
    expect(g.joined(g.rejoin('a'))?.members.map(({ id }) => id)).toEqual(['a'])
  })

  it('are answered if they wait', () => {
    const g = stable('a')
    const b = g.join('b')
    g.leave('b')
    expect(g.joined(b)).toMatchObject({ error: 'UNKNOWN_MEMBER_ID' })
  })

  it('are missed after a session without a heartbeat, and not before', () => {
    const g = stable('a', 'b')
    g.passes(sessionMs - 1)
    g.heartbeat('a')
    expect(g.group.phase).toBe('Stable')
    g.passes(1)
    expect(g.group.phase).toBe('PreparingRebalance')
    expect([...g.group.members.keys()]).toEqual(['a'])
  })

  it('do not hold a rebalance for longer than its time-out', () => {
    const g = stable('a', 'b')
    const c = g.join('c')
    const a = g.rejoin('a')
    for (let ms = 0; ms < rebalanceMs; ms += 5000) {
      expect(g.joined(c)).toBeUndefined()
      g.heartbeat('b')
      g.passes(5000)
    }
    expect(g.joined(a)?.members.map(({ id }) => id)).toEqual(['a', 'c'])
  })

  it('do not leave the others waiting when the leader dies before it decides', () => {
    const g = drive()
    g.join('a')
    g.join('b')
    g.rejoin('a')
    const b = g.sync('b')
    g.passes(sessionMs)
    expect(g.synced(b)).toMatchObject({ error: 'REBALANCE_IN_PROGRESS' })
    expect(g.joined(g.rejoin('b'))).toMatchObject({ leaderId: 'b' })
  })

  it('leave an empty group behind, in which nothing is due', () => {
    const g = stable('a')
    g.leave('a')
    expect(g.group).toMatchObject({ phase: 'Empty', leaderId: null })
    expect(nextDeadline(g.group)).toBe(Number.POSITIVE_INFINITY)
  })
})
