// How a group comes to its next generation: everybody joins, one protocol is chosen, the leader assigns. Pure.
import {
  type Answer,
  alive,
  emptyGroup,
  type Group,
  joined,
  joinRefused,
  type Member,
  type Step,
  syncRefused,
} from './group.ts'

/** Begins a rebalance: whoever waits for an assignment is told to join again. */
export function prepareRebalance(group: Group, now: number): Step {
  const answers: Answer[] = []
  const members = new Map<string, Member>()
  for (const member of group.members.values()) {
    if (member.syncReply !== null) answers.push(syncRefused(member.syncReply, 'REBALANCE_IN_PROGRESS'))
    members.set(member.id, member.syncReply === null ? member : alive({ ...member, syncReply: null }, now))
  }
  const rebalanceDeadline = now + longestRebalance(members)
  const preparing: Group = { ...group, phase: 'PreparingRebalance', members, rebalanceDeadline }
  // The first member of a group waits for nobody: group.initial.rebalance.delay.ms is 0 here, so that a local start is instant.
  const next = group.phase === 'Empty' ? completeJoin(preparing, now) : completeWhenAllJoined(preparing, now)
  return { group: next.group, answers: [...answers, ...next.answers] }
}

function longestRebalance(members: ReadonlyMap<string, Member>): number {
  return Math.max(0, ...[...members.values()].map((member) => member.rebalanceTimeoutMs))
}

/** Goes on when nobody is missing. */
export function completeWhenAllJoined(group: Group, now: number): Step {
  if (group.phase !== 'PreparingRebalance') return { group, answers: [] }
  const missing = group.pending.size > 0 || [...group.members.values()].some((member) => member.joinReply === null)
  return missing ? { group, answers: [] } : completeJoin(group, now)
}

/** Makes the next generation of those who joined. Static members keep their place until their session ends. */
export function completeJoin(group: Group, now: number): Step {
  const kept = [...group.members.values()].filter((member) => member.joinReply !== null || member.instanceId !== null)
  const leader = kept.find((member) => member.id === group.leaderId && member.joinReply !== null)
  const leaderId = (leader ?? kept.find((member) => member.joinReply !== null))?.id ?? null
  const generation = group.generation + 1
  if (kept.length === 0) {
    return {
      group: { ...emptyGroup, generation, protocolType: group.protocolType, pending: group.pending },
      answers: [],
    }
  }
  const members = new Map(kept.map((member) => [member.id, alive({ ...member, joinReply: null }, now)]))
  const rebalanceDeadline = now + longestRebalance(members)
  if (leaderId === null) return { group: { ...group, members, rebalanceDeadline }, answers: [] }
  const protocolName = chooseProtocol(kept)
  const next: Group = {
    ...group,
    phase: 'CompletingRebalance',
    generation,
    protocolName,
    leaderId,
    members,
    rebalanceDeadline,
  }
  const answers = kept.flatMap((member) => (member.joinReply === null ? [] : [joined(next, member, member.joinReply)]))
  return { group: next, answers }
}

/** Among the protocols that all members know, the one that most of them prefer. */
export function chooseProtocol(members: readonly Member[]): string | null {
  const votes = new Map<string, number>()
  for (const member of members) {
    const vote = member.protocols.find(({ name }) => members.every((each) => knows(each, name)))
    if (vote) votes.set(vote.name, (votes.get(vote.name) ?? 0) + 1)
  }
  const ranked = [...votes].sort(([, a], [, b]) => b - a)
  return ranked[0]?.[0] ?? null
}

export const knows = (member: Pick<Member, 'protocols'>, name: string): boolean =>
  member.protocols.some((protocol) => protocol.name === name)

/** Removes members, answers what they waited for, and rebalances the others. */
export function removeMembers(group: Group, ids: readonly string[], now: number): Step {
  const answers: Answer[] = []
  const members = new Map(group.members)
  for (const id of ids) {
    const member = members.get(id)
    if (!member) continue
    if (member.joinReply !== null) answers.push(joinRefused(member.joinReply, 'UNKNOWN_MEMBER_ID', id))
    if (member.syncReply !== null) answers.push(syncRefused(member.syncReply, 'UNKNOWN_MEMBER_ID'))
    members.delete(id)
  }
  if (members.size === group.members.size) return { group, answers }
  const rest = { ...group, members }
  const next = group.phase === 'PreparingRebalance' ? completeWhenAllJoined(rest, now) : prepareRebalance(rest, now)
  return { group: next.group, answers: [...answers, ...next.answers] }
}
