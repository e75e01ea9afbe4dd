// Drives the state machine of one group by hand: every request gets a reply number, and answers are looked up by it.
import { expect } from 'vitest'
import { type Answer, emptyGroup, type Group, type JoinAnswer, type SyncAnswer } from '../groups/group.ts'
import type { JoinInput } from '../groups/join.ts'
import { removeMembers } from '../groups/rebalance.ts'
import { heartbeat, type Input, step } from '../groups/step.ts'

export const sessionMs = 10_000
export const rebalanceMs = 30_000

/** An empty group at time 0. */
export function drive() {
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
      const id = { memberId: '', freshMemberId: memberId, idRequired: false, skipsAssignment: true }
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
export function stable(...ids: string[]) {
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
