// Every input a group can get, and what follows from it: `(group, input, now) -> (group, answers)`. Pure.
import type { ErrorName } from '../protocol/error-codes.ts'
import {
  type Answer,
  alive,
  deadlineOf,
  type Group,
  type Member,
  memberProblem,
  type ReplyId,
  type Step,
  synced,
  syncRefused,
  withMember,
} from './group.ts'
import { type JoinInput, join } from './join.ts'
import { completeJoin, completeWhenAllJoined, removeMembers } from './rebalance.ts'

export interface SyncInput {
  kind: 'sync'
  reply: ReplyId
  memberId: string
  instanceId: string | null
  generation: number
  /** Null in versions that do not say. */
  protocolType: string | null
  protocolName: string | null
  /** From the leader alone. */
  assignments: readonly { memberId: string; assignment: Buffer }[]
}

export type Input = JoinInput | SyncInput | { kind: 'tick' }

export function step(group: Group, input: Input, now: number): Step {
  switch (input.kind) {
    case 'join':
      return join(group, input, now)
    case 'sync':
      return sync(group, input, now)
    case 'tick':
      return tick(group, now)
  }
}

function sync(group: Group, input: SyncInput, now: number): Step {
  const problem = generationProblem(group, input) ?? protocolProblem(group, input)
  const refused = (error: ErrorName): Step => ({ group, answers: [syncRefused(input.reply, error)] })
  if (problem) return refused(problem)
  const member = group.members.get(input.memberId) as Member
  if (group.phase === 'PreparingRebalance') return refused('REBALANCE_IN_PROGRESS')
  if (group.phase === 'Stable') {
    return { group: withMember(group, alive(member, now)), answers: [synced(group, member, input.reply)] }
  }
  // A second request of the same member replaces the first, which the client has given up.
  const answers = member.syncReply === null ? [] : [syncRefused(member.syncReply, 'REBALANCE_IN_PROGRESS')]
  const waiting = withMember(group, { ...member, syncReply: input.reply })
  if (group.leaderId !== member.id) return { group: waiting, answers }
  const next = assign(waiting, input, now)
  return { group: next.group, answers: [...answers, ...next.answers] }
}

/** The leader has decided: everyone who waits gets their part, and the group is stable. */
function assign(group: Group, input: SyncInput, now: number): Step {
  const assigned = new Map(input.assignments.map(({ memberId, assignment }) => [memberId, Buffer.from(assignment)]))
  const members = new Map<string, Member>()
  const answers: Answer[] = []
  for (const member of group.members.values()) {
    const next = { ...member, assignment: assigned.get(member.id) ?? Buffer.alloc(0) }
    if (next.syncReply !== null) answers.push(synced(group, next, next.syncReply))
    members.set(next.id, next.syncReply === null ? next : alive({ ...next, syncReply: null }, now))
  }
  return { group: { ...group, phase: 'Stable', members, rebalanceDeadline: Number.POSITIVE_INFINITY }, answers }
}

/** Why a request of `memberId` in `generation` is not heard; null when it is. */
export function generationProblem(
  group: Group,
  { memberId, instanceId, generation }: { memberId: string; instanceId: string | null; generation: number },
): ErrorName | null {
  return memberProblem(group, memberId, instanceId) ?? (generation === group.generation ? null : 'ILLEGAL_GENERATION')
}

function protocolProblem(group: Group, { protocolType, protocolName }: SyncInput): ErrorName | null {
  const differs = (given: string | null, kept: string | null) => given !== null && given !== kept
  if (differs(protocolType, group.protocolType)) return 'INCONSISTENT_GROUP_PROTOCOL'
  return differs(protocolName, group.protocolName) ? 'INCONSISTENT_GROUP_PROTOCOL' : null
}

/** A member says that it lives: the group with that noted, and what the member is told. */
export function heartbeat(
  group: Group,
  from: { memberId: string; instanceId: string | null; generation: number },
  now: number,
): { group: Group; error: ErrorName } {
  const problem = generationProblem(group, from)
  if (problem) return { group, error: problem }
  const next = withMember(group, alive(group.members.get(from.memberId) as Member, now))
  return { group: next, error: group.phase === 'PreparingRebalance' ? 'REBALANCE_IN_PROGRESS' : 'NONE' }
}

/** Time has passed: sessions end, ids that nobody came back with lapse, and a rebalance stops waiting. */
function tick(group: Group, now: number): Step {
  const pending = new Map([...group.pending].filter(([, deadline]) => deadline > now))
  const gone = [...group.members.values()].filter((member) => isGone(group, member, now)).map((member) => member.id)
  const removed = removeMembers({ ...group, pending }, gone, now)
  const completed = completeWhenAllJoined(removed.group, now)
  const answers = [...removed.answers, ...completed.answers]
  const next = completed.group
  if (next.phase !== 'PreparingRebalance' || next.rebalanceDeadline > now) return { group: next, answers }
  const forced = completeJoin(next, now)
  return { group: forced.group, answers: [...answers, ...forced.answers] }
}

/** Silent for a session, or, when the leader's decision is overdue, without having asked for it. */
function isGone(group: Group, member: Member, now: number): boolean {
  if (deadlineOf(member) <= now) return true
  return group.phase === 'CompletingRebalance' && group.rebalanceDeadline <= now && member.syncReply === null
}
