// A member asks to join. Pure; follows GroupMetadataManager.classicGroupJoin of Apache Kafka.
import {
  type Answer,
  alive,
  type Group,
  joined,
  joinRefused,
  type Member,
  memberProblem,
  type Protocol,
  type ReplyId,
  type Step,
  syncRefused,
  withMember,
} from './group.ts'
import { chooseProtocol, completeWhenAllJoined, knows, prepareRebalance } from './rebalance.ts'

export interface JoinInput {
  kind: 'join'
  reply: ReplyId
  /** '' for one that has no id yet. */
  memberId: string
  /** The id it gets then. */
  freshMemberId: string
  instanceId: string | null
  clientId: string
  clientHost: string
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  protocolType: string
  protocols: readonly Protocol[]
  /** Versions from 4 on: a new member must come back with the id it was given, so that lost answers leave no ghosts (KIP-394). */
  idRequired: boolean
  /** Versions from 9 on: a leader can be told that there is nothing to assign. */
  skipsAssignment: boolean
}

/** group.min.session.timeout.ms and group.max.session.timeout.ms. */
const sessionMsMin = 6_000
const sessionMsMax = 1_800_000

/** group.max.size; Kafka has no limit by default. */
const membersMax = 1_000

export function join(group: Group, input: JoinInput, now: number): Step {
  const refused = (error: Parameters<typeof joinRefused>[1], memberId = input.memberId): Step => {
    return { group, answers: [joinRefused(input.reply, error, memberId)] }
  }
  if (input.sessionTimeoutMs < sessionMsMin || input.sessionTimeoutMs > sessionMsMax)
    return refused('INVALID_SESSION_TIMEOUT')
  if (!fits(group, input)) return refused('INCONSISTENT_GROUP_PROTOCOL')
  if (input.memberId === '') {
    const holder = staticMember(group, input.instanceId)
    if (holder) return replaceStatic(group, holder, input, now)
    if (group.members.size + group.pending.size >= membersMax) return refused('GROUP_MAX_SIZE_REACHED')
    if (!input.idRequired || input.instanceId !== null) return addMember(group, input.freshMemberId, input, now)
    const pending = new Map(group.pending).set(input.freshMemberId, now + input.sessionTimeoutMs)
    const answer = joinRefused(input.reply, 'MEMBER_ID_REQUIRED', input.freshMemberId)
    return { group: { ...group, pending }, answers: [answer] }
  }
  if (group.pending.has(input.memberId)) return addMember(group, input.memberId, input, now)
  const problem = memberProblem(group, input.memberId, input.instanceId)
  if (problem) return refused(problem)
  return rejoin(group, group.members.get(input.memberId) as Member, input, now)
}

/** Whether the others of the group could work with this one. */
function fits(group: Group, input: JoinInput): boolean {
  if (input.protocolType === '' || input.protocols.length === 0) return false
  const others = [...group.members.values()].filter((member) => member.id !== input.memberId)
  if (others.length === 0) return true
  if (group.protocolType !== input.protocolType) return false
  return input.protocols.some(({ name }) => others.every((member) => knows(member, name)))
}

function staticMember(group: Group, instanceId: string | null): Member | undefined {
  if (instanceId === null) return undefined
  return [...group.members.values()].find((member) => member.instanceId === instanceId)
}

function memberFrom(input: JoinInput, id: string, now: number): Member {
  const { instanceId, clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs, protocols } = input
  const common = { id, instanceId, clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs, protocols }
  return alive({ ...common, assignment: Buffer.alloc(0), deadline: 0, joinReply: input.reply, syncReply: null }, now)
}

function addMember(group: Group, id: string, input: JoinInput, now: number): Step {
  const pending = new Map(group.pending)
  pending.delete(id)
  const next = withMember({ ...group, pending, protocolType: input.protocolType }, memberFrom(input, id, now))
  return group.phase === 'PreparingRebalance' ? completeWhenAllJoined(next, now) : prepareRebalance(next, now)
}

/**
 * The same instance again under a new id, as after a restart: it takes the place of its former self, which is fenced.
 * A stable group stays as it is, and the member finds its assignment again: that is what static members are for.
 */
function replaceStatic(group: Group, holder: Member, input: JoinInput, now: number): Step {
  const members = new Map(group.members)
  members.delete(holder.id)
  const answers: Answer[] = []
  if (holder.joinReply !== null) answers.push(joinRefused(holder.joinReply, 'FENCED_INSTANCE_ID', holder.id))
  if (holder.syncReply !== null) answers.push(syncRefused(holder.syncReply, 'FENCED_INSTANCE_ID'))
  const leaderId = group.leaderId === holder.id ? input.freshMemberId : group.leaderId
  const left = { ...group, members, leaderId }
  const heir = { ...memberFrom(input, input.freshMemberId, now), assignment: holder.assignment, joinReply: null }
  const replaced = withMember(left, heir)
  if (group.phase === 'Stable' && chooseProtocol([...replaced.members.values()]) === group.protocolName) {
    return { group: replaced, answers: [joinedAgain(replaced, heir, input, group.leaderId)] }
  }
  const next = addMember(left, input.freshMemberId, input, now)
  return { group: next.group, answers: [...answers, ...next.answers] }
}

/**
 * What the heir of a static member is told. A leader must not assign anew: it is told so (KIP-814), or, where the
 * version has no word for it, that its former self leads.
 */
function joinedAgain(group: Group, heir: Member, input: JoinInput, leaderBefore: string | null): Answer {
  const answer = joined(group, heir, input.reply)
  if (answer.kind !== 'join' || group.leaderId !== heir.id) return answer
  const body = input.skipsAssignment
    ? { ...answer.body, skipAssignment: true }
    : { ...answer.body, leaderId: leaderBefore ?? '', members: [] }
  return { ...answer, body }
}

/** A member joins again: to a rebalance, to start one, or because it missed the answer to its last request. */
function rejoin(group: Group, member: Member, input: JoinInput, now: number): Step {
  const unchanged = sameProtocols(member.protocols, input.protocols)
  const isLeader = group.leaderId === member.id
  const current = group.phase === 'CompletingRebalance' || (group.phase === 'Stable' && !isLeader)
  if (current && unchanged) {
    return { group: withMember(group, alive(member, now)), answers: [joined(group, member, input.reply)] }
  }
  // An earlier request of the same member still waits, on a connection that the client has given up.
  const answers = member.joinReply === null ? [] : [joinRefused(member.joinReply, 'REBALANCE_IN_PROGRESS', member.id)]
  const next = addMember(group, member.id, input, now)
  return { group: next.group, answers: [...answers, ...next.answers] }
}

function sameProtocols(a: readonly Protocol[], b: readonly Protocol[]): boolean {
  return (
    a.length === b.length && a.every(({ name, metadata }, i) => name === b[i]?.name && metadata.equals(b[i].metadata))
  )
}
