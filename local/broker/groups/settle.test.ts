import fc from 'fast-check'
import { expect, it } from 'vitest'
import { drive, sessionMs } from '../testing/drive-group.ts'

const ids = ['a', 'b', 'c'] as const
const action = fc.record({
  who: fc.constantFrom(...ids),
  does: fc.constantFrom('join', 'sync', 'heartbeat', 'leave', 'wait', 'sleep'),
})

it('whatever members do, the group settles: those who keep at it share one generation, and each has a part', () => {
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
