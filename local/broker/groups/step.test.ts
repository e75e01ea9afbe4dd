import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Answer, emptyGroup, type Group, type JoinAnswer, nextDeadline, type SyncAnswer } from './group.ts'
import type { JoinInput } from './join.ts'
import { removeMembers } from './rebalance.ts'
import { heartbeat, type Input, step } from './step.ts'

const sessionMs = 10_000
const rebalanceMs = 30_000

/** Drives one group by hand: every input gets a reply number, and answers are looked up by it. */
function drive() {
  let group: Group = emptyGroup
  let now = 0
  let replies = 0
  const answers = new Map<number, Answer>()
  const take = (next: { group: Group; answers: Answer[] }) => {
    group = next.group
    for (const answer of next.answers) answers.set(answer.reply, answer)
  }
  const give = (input: Input) => take(step(group, input, now))
  return {
    get group() {
      return group
    },
    join(memberId: string, options: Partial<JoinInput> = {}): number {
      const reply = ++replies
      const protocols = [{ name: 'range', metadata: Buffer.from(memberId) }]
      const times = { sessionTimeoutMs: sessionMs, rebalanceTimeoutMs: rebalanceMs }
      const client = { clientId: 'c', clientHost: '/127.0.0.1', instanceId: null, protocolType: 'consumer', protocols }
      const id = { memberId: '', freshMemberId: memberId, idRequired: false }
      give({ kind: 'join', reply, ...id, ...client, ...times, ...options })
      return reply
    },
    rejoin(memberId: string): number {
      return this.join(memberId, { memberId })
    },
    sync(memberId: string, assignments: Record<string, string> = {}, generation = group.generation): number {
      const reply = ++replies
      const given = Object.entries(assignments).map(([id, text]) => ({ memberId: id, assignment: Buffer.from(text) }))
      const who = { memberId, instanceId: null, generation, protocolType: null, protocolName: null }
      give({ kind: 'sync', reply, ...who, assignments: given })
      return reply
    },
    heartbeat(memberId: string, generation = group.generation) {
      const result = heartbeat(group, { memberId, instanceId: null, generation }, now)
      group = result.group
      return result.error
    },
    leave: (memberId: string) => take(removeMembers(group, [memberId], now)),
    passes(ms: number) {
      now += ms
      give({ kind: 'tick' })
    },
    joined: (reply: number) => answers.get(reply)?.body as JoinAnswer | undefined,
    synced: (reply: number) => answers.get(reply)?.body as SyncAnswer | undefined,
  }
}

/** A stable group of `ids`; the first leads. */
function stable(...ids: string[]) {
  const g = drive()
  ids.forEach((id, i) => {
    g.join(id)
    for (const earlier of ids.slice(0, i)) g.rejoin(earlier)
  })
  const leader = g.group.leaderId as string
  for (const id of ids.filter((each) => each !== leader)) g.sync(id)
  g.sync(leader, Object.fromEntries(ids.map((id) => [id, `part of ${id}`])))
  expect(g.group.phase).toBe('Stable')
  return g
}

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

  it('gives a static member that comes back its place, and fences its former self', () => {
    const g = drive()
    g.join('one', { instanceId: 'shop-1' })
    g.sync('one', { one: 'all' })
    const back = g.joined(g.join('two', { instanceId: 'shop-1' }))
    expect(back).toMatchObject({ error: 'NONE', memberId: 'two' })
    const former = { memberId: 'one', instanceId: 'shop-1', generation: g.group.generation }
    expect(heartbeat(g.group, former, 0).error).toBe('FENCED_INSTANCE_ID')
    expect([...g.group.members.keys()]).toEqual(['two'])
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

describe('whatever members do', () => {
  const ids = ['a', 'b', 'c'] as const
  const action = fc.record({
    who: fc.constantFrom(...ids),
    does: fc.constantFrom('join', 'sync', 'heartbeat', 'leave', 'wait', 'sleep'),
  })

  it('the group settles: those who keep at it share one generation, and each has a part', () => {
    const settles = fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
      const g = drive()
      const joinAs = (id: string) => (g.group.members.has(id) ? g.rejoin(id) : g.join(id))
      for (const { who, does } of actions) {
        if (does === 'join') joinAs(who)
        if (does === 'sync') g.sync(who, { a: 'a', b: 'b', c: 'c' })
        if (does === 'heartbeat') g.heartbeat(who)
        if (does === 'leave') g.leave(who)
        if (does === 'wait') g.passes(1000)
        if (does === 'sleep') g.passes(sessionMs)
        expect(g.group.phase === 'Empty').toBe(g.group.members.size === 0)
        if (g.group.phase === 'Stable') expect(g.group.members.has(g.group.leaderId ?? '')).toBe(true)
      }
      // Now everyone behaves: joins whenever told to, and fetches its part.
      const generations = new Map<string, number>()
      for (let round = 0; round < 10; round++) {
        const replies = ids.map(
          (id) => [id, g.heartbeat(id) === 'NONE' && generations.has(id) ? null : joinAs(id)] as const,
        )
        for (const [id, reply] of replies) {
          const answer = reply === null ? undefined : g.joined(reply)
          if (answer?.error === 'NONE') generations.set(id, answer.generation)
        }
        for (const id of ids) g.sync(id, { a: 'a', b: 'b', c: 'c' })
        g.passes(1000)
      }
      expect(g.group.phase).toBe('Stable')
      expect([...g.group.members.values()].map(({ id, assignment }) => [id, String(assignment)]).sort()).toEqual(
        ids.map((id) => [id, id]),
      )
      expect(new Set(generations.values())).toEqual(new Set([g.group.generation]))
    })
    fc.assert(settles, { numRuns: 300 })
  })
})
