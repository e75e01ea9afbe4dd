// The shell around the groups' state machines: timers, waiting requests, and who is a member where.
import { performance } from 'node:perf_hooks'
import type { ErrorName } from '../protocol/error-codes.ts'
import {
  type Answer,
  emptyGroup,
  type Group,
  type JoinAnswer,
  joinRefused,
  memberProblem,
  nextDeadline,
  type SyncAnswer,
} from './group.ts'
import type { JoinInput } from './join.ts'
import { removeMembers } from './rebalance.ts'
import { generationProblem, heartbeat, type SyncInput, step } from './step.ts'

export interface MemberRef {
  memberId: string
  instanceId: string | null
}

/** Groups with members at one time. A group without members costs nothing here. */
const groupsMax = 10_000

/** setTimeout cannot wait longer. */
const timerMsMax = 2 ** 31 - 1

export class Coordinator {
  private readonly groups = new Map<string, Group>()
  private readonly timers = new Map<string, NodeJS.Timeout>()
  private readonly waiting = new Map<number, (answer: Answer) => void>()
  private lastReply = 0

  /** The group, or undefined when it has no members. */
  group(groupId: string): Group | undefined {
    return this.groups.get(groupId)
  }

  ids(): string[] {
    return [...this.groups.keys()]
  }

  /** Answers when the rebalance that the join leads to is complete. */
  async join(groupId: string, input: Omit<JoinInput, 'kind' | 'reply'>): Promise<JoinAnswer> {
    if (!this.groups.has(groupId) && this.groups.size >= groupsMax)
      return this.refuseJoin('GROUP_MAX_SIZE_REACHED', input)
    const answer = await this.ask(groupId, (reply) => ({ kind: 'join', reply, ...input }))
    return answer.body as JoinAnswer
  }

  /** Answers when the leader has decided. */
  async sync(groupId: string, input: Omit<SyncInput, 'kind' | 'reply'>): Promise<SyncAnswer> {
    const answer = await this.ask(groupId, (reply) => ({ kind: 'sync', reply, ...input }))
    return answer.body as SyncAnswer
  }

  heartbeat(groupId: string, from: MemberRef & { generation: number }): ErrorName {
    const group = this.groups.get(groupId)
    if (!group) return 'UNKNOWN_MEMBER_ID'
    const { group: next, error } = heartbeat(group, from, performance.now())
    this.groups.set(groupId, next)
    return error
  }

  /** Removes members who leave; says for each what came of it. A static one may be named by its instance alone. */
  leave(groupId: string, leaving: readonly MemberRef[]): ErrorName[] {
    const group = this.groups.get(groupId) ?? emptyGroup
    const pending = new Map(group.pending)
    const gone: string[] = []
    const errors = leaving.map(({ memberId, instanceId }): ErrorName => {
      if (pending.delete(memberId)) return 'NONE'
      const named = [...group.members.values()].find(
        (member) => member.instanceId !== null && member.instanceId === instanceId,
      )
      const id = memberId === '' && named ? named.id : memberId
      const problem = memberProblem(group, id, instanceId)
      if (problem === null) gone.push(id)
      return problem ?? 'NONE'
    })
    const removed = removeMembers({ ...group, pending }, gone, performance.now())
    this.became(groupId, removed.group)
    this.answer(removed.answers)
    return errors
  }

  /**
   * Whether an OffsetCommit is heard. One without a generation comes from outside the group protocol (an
   * administrator, or a consumer that assigns itself), which is fine while the group has no members.
   */
  commitProblem(groupId: string, from: MemberRef & { generation: number }): ErrorName | null {
    const group = this.groups.get(groupId)
    if (!group || group.members.size === 0) return from.generation < 0 ? null : 'UNKNOWN_MEMBER_ID'
    const problem = generationProblem(group, from)
    if (problem) return problem
    if (group.phase === 'CompletingRebalance') return 'REBALANCE_IN_PROGRESS'
    this.groups.set(groupId, heartbeat(group, from, performance.now()).group)
    return null
  }

  /**
   * Whether a TxnOffsetCommit is heard. One that names no member is, whoever is in the group: clients older than
   * KIP-447 name none, and the transaction fences them.
   */
  transactionalCommitProblem(groupId: string, from: MemberRef & { generation: number }): ErrorName | null {
    const namesMember = from.generation >= 0 || from.memberId !== '' || from.instanceId !== null
    if (!namesMember) return null
    const group = this.groups.get(groupId)
    return group ? generationProblem(group, from) : 'UNKNOWN_MEMBER_ID'
  }

  close(): void {
    for (const timer of this.timers.values()) clearTimeout(timer)
    this.timers.clear()
  }

  private ask(groupId: string, input: (reply: number) => JoinInput | SyncInput): Promise<Answer> {
    const reply = ++this.lastReply
    return new Promise((resolve) => {
      this.waiting.set(reply, resolve)
      this.advance(groupId, input(reply))
    })
  }

  private advance(groupId: string, input: Parameters<typeof step>[1]): void {
    const { group, answers } = step(this.groups.get(groupId) ?? emptyGroup, input, performance.now())
    this.became(groupId, group)
    this.answer(answers)
  }

  private answer(answers: readonly Answer[]): void {
    for (const answer of answers) {
      this.waiting.get(answer.reply)?.(answer)
      this.waiting.delete(answer.reply)
    }
  }

  private became(groupId: string, group: Group): void {
    clearTimeout(this.timers.get(groupId))
    this.timers.delete(groupId)
    if (group.members.size === 0 && group.pending.size === 0) {
      this.groups.delete(groupId)
      return
    }
    this.groups.set(groupId, group)
    this.wakeAt(groupId, nextDeadline(group))
  }

  /** Heartbeats move deadlines without moving the timer: one that comes early finds nothing to do and is set anew. */
  private wakeAt(groupId: string, deadline: number): void {
    if (deadline === Number.POSITIVE_INFINITY) return
    const waitMs = Math.min(timerMsMax, Math.max(0, Math.ceil(deadline - performance.now())))
    this.timers.set(
      groupId,
      setTimeout(() => this.advance(groupId, { kind: 'tick' }), waitMs),
    )
  }

  private refuseJoin(error: ErrorName, { memberId }: Pick<JoinInput, 'memberId'>): JoinAnswer {
    return joinRefused(0, error, memberId).body as JoinAnswer
  }
}
