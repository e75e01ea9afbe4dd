// What the coordinator knows of one consumer group, as plain values. Kafka's classic group protocol.
import type { ErrorName } from '../protocol/error-codes.ts'

/** Names as Kafka prints them. A group without members and offsets is Dead: nothing is kept of it. */
export type Phase = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'

export interface Protocol {
  name: string
  metadata: Buffer
}

/** Names a request that waits for its answer. */
export type ReplyId = number

export interface Member {
  id: string
  /** group.instance.id of a static member. */
  instanceId: string | null
  clientId: string
  clientHost: string
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  /** In the member's order of preference. */
  protocols: readonly Protocol[]
  assignment: Buffer
  /** When the member counts as gone, unless it is heard of or waits for an answer. */
  deadline: number
  joinReply: ReplyId | null
  syncReply: ReplyId | null
}

export interface Group {
  phase: Phase
  generation: number
  protocolType: string
  protocolName: string | null
  leaderId: string | null
  members: ReadonlyMap<string, Member>
  /** Ids handed out with MEMBER_ID_REQUIRED and not joined yet, with the time each lapses. */
  pending: ReadonlyMap<string, number>
  /** When a rebalance goes on without those who did not join, or did not sync. */
  rebalanceDeadline: number
}

export const emptyGroup: Group = {
  phase: 'Empty',
  generation: 0,
  protocolType: '',
  protocolName: null,
  leaderId: null,
  members: new Map(),
  pending: new Map(),
  rebalanceDeadline: Number.POSITIVE_INFINITY,
}

export interface JoinAnswer {
  error: ErrorName
  generation: number
  protocolType: string | null
  protocolName: string | null
  leaderId: string
  memberId: string
  /** For a leader that came back to a stable group: everyone has an assignment. */
  skipAssignment: boolean
  /** For the leader alone. */
  members: { id: string; instanceId: string | null; metadata: Buffer }[]
}

export interface SyncAnswer {
  error: ErrorName
  protocolType: string | null
  protocolName: string | null
  assignment: Buffer
}

/** The answer to one waiting request. */
export type Answer =
  | { reply: ReplyId; kind: 'join'; body: JoinAnswer }
  | { reply: ReplyId; kind: 'sync'; body: SyncAnswer }

/** The state after an input, and who is to be answered. */
export interface Step {
  group: Group
  answers: Answer[]
}

const noBytes = Buffer.alloc(0)

const nobody = { skipAssignment: false, members: [] }

export function joinRefused(reply: ReplyId, error: ErrorName, memberId: string): Answer {
  const body = { error, generation: -1, protocolType: null, protocolName: null, leaderId: '', memberId, ...nobody }
  return { reply, kind: 'join', body }
}

export function syncRefused(reply: ReplyId, error: ErrorName): Answer {
  return { reply, kind: 'sync', body: { error, protocolType: null, protocolName: null, assignment: noBytes } }
}

/** What a member of the current generation is told when it asks to join. */
export function joined(group: Group, member: Member, reply: ReplyId): Answer {
  const all = group.leaderId === member.id ? [...group.members.values()] : []
  return {
    reply,
    kind: 'join',
    body: {
      error: 'NONE',
      generation: group.generation,
      protocolType: group.protocolType,
      protocolName: group.protocolName,
      leaderId: group.leaderId ?? '',
      memberId: member.id,
      skipAssignment: false,
      members: all.map((each) => ({ id: each.id, instanceId: each.instanceId, metadata: metadataOf(each, group) })),
    },
  }
}

function metadataOf(member: Member, group: Group): Buffer {
  return member.protocols.find((protocol) => protocol.name === group.protocolName)?.metadata ?? noBytes
}

export function synced(group: Group, member: Member, reply: ReplyId): Answer {
  const { protocolType, protocolName } = group
  return { reply, kind: 'sync', body: { error: 'NONE', protocolType, protocolName, assignment: member.assignment } }
}

/** The group with one member added or replaced. */
export function withMember(group: Group, member: Member): Group {
  return { ...group, members: new Map(group.members).set(member.id, member) }
}

/** The member, heard of just now. */
export function alive(member: Member, now: number): Member {
  return { ...member, deadline: now + member.sessionTimeoutMs }
}

const isWaiting = (member: Member): boolean => member.joinReply !== null || member.syncReply !== null

/** When `member` counts as gone. One that waits for an answer from here cannot be asked for a heartbeat. */
export const deadlineOf = (member: Member): number => (isWaiting(member) ? Number.POSITIVE_INFINITY : member.deadline)

/** The next time at which something happens by itself; Infinity when never. */
export function nextDeadline(group: Group): number {
  let next = group.rebalanceDeadline
  for (const deadline of group.pending.values()) next = Math.min(next, deadline)
  for (const member of group.members.values()) next = Math.min(next, deadlineOf(member))
  return next
}

/** Whether a request may speak for a member; null when it may. */
export function memberProblem(group: Group, memberId: string, instanceId: string | null): ErrorName | null {
  if (instanceId !== null) {
    const holder = [...group.members.values()].find((member) => member.instanceId === instanceId)
    if (holder && holder.id !== memberId) return 'FENCED_INSTANCE_ID'
  }
  return group.members.has(memberId) ? null : 'UNKNOWN_MEMBER_ID'
}
