// One transactional id: which producer holds it, and how far its transaction is. Pure; follows Kafka's TransactionCoordinator.
import type { ErrorName } from '../protocol/error-codes.ts'

/** Names as Kafka prints them. */
export type TransactionState =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort'

export interface Transaction {
  id: string
  producerId: number
  epoch: number
  /** The epoch that its holder asked to leave: who names it again missed the answer (KIP-360). -1 after a take-over. */
  previousEpoch: number
  timeoutMs: number
  state: TransactionState
  /** `topic:partition` of each partition in the transaction; topic names hold no colon. */
  partitions: readonly string[]
  /** Groups for which it holds offsets. */
  groups: readonly string[]
  /** When its first partition or group was added, ms since 1970; -1 outside a transaction. */
  startedAt: number
  changedAt: number
}

/** The producer that a request says it comes from. */
export interface Holder {
  producerId: number
  epoch: number
}

export type Decision = { transaction: Transaction } | { error: ErrorName }

/** transaction.max.timeout.ms */
const timeoutMsMax = 15 * 60 * 1000

const noEpoch = -1

/** An epoch is 16 bits wide, and one must be left to fence the last holder with. */
const epochMax = 0x7fff - 1

export const isPrepared = ({ state }: Transaction): boolean => state === 'PrepareCommit' || state === 'PrepareAbort'

/** Partitions and groups that one transaction may touch. Our choice: each addition writes the whole transaction. */
const membersMax = 10_000

/**
 * A producer takes the id over: whoever held it is fenced by a newer epoch. `claim` is what it held before, where it
 * says so; `newProducerId` is used for a new id and when the epochs are used up. The transaction must have ended.
 */
export function initialize(
  known: Transaction | undefined,
  input: { id: string; timeoutMs: number; claim: Holder | null },
  newProducerId: () => number,
  now: number,
): Decision {
  const { id, timeoutMs, claim } = input
  if (timeoutMs <= 0 || timeoutMs > timeoutMsMax) return { error: 'INVALID_TRANSACTION_TIMEOUT' }
  const idle = { id, timeoutMs, state: 'Empty', partitions: [], groups: [], startedAt: -1, changedAt: now } as const
  const fresh = () => ({ ...idle, producerId: newProducerId(), epoch: 0, previousEpoch: noEpoch })
  if (known === undefined) return { transaction: fresh() }
  const { producerId, epoch, previousEpoch } = known
  const answeredBefore = claim !== null && claim.epoch === previousEpoch
  const holds = claim === null || (claim.producerId === producerId && (claim.epoch === epoch || answeredBefore))
  if (!holds) return { error: 'PRODUCER_FENCED' }
  if (known.state === 'Ongoing' || isPrepared(known)) return { error: 'CONCURRENT_TRANSACTIONS' }
  if (answeredBefore) return { transaction: known }
  if (epoch >= epochMax) return { transaction: fresh() }
  const bumped = { ...idle, producerId, epoch: epoch + 1 }
  return { transaction: { ...bumped, previousEpoch: claim === null ? noEpoch : epoch } }
}

/** Why `holder` may not change the transaction; null when it may. */
export function holderProblem(known: Transaction | undefined, holder: Holder): ErrorName | null {
  if (known === undefined || known.producerId !== holder.producerId) return 'INVALID_PRODUCER_ID_MAPPING'
  return known.epoch === holder.epoch ? null : 'PRODUCER_FENCED'
}

/** Partitions or groups join the transaction, which begins with the first of them. */
export function add(
  known: Transaction | undefined,
  holder: Holder,
  added: { partitions?: readonly string[]; groups?: readonly string[] },
  now: number,
): Decision {
  const problem = holderProblem(known, holder)
  if (known === undefined || problem) return { error: problem ?? 'INVALID_PRODUCER_ID_MAPPING' }
  if (isPrepared(known)) return { error: 'CONCURRENT_TRANSACTIONS' }
  const begins = known.state !== 'Ongoing'
  const partitions = union(begins ? [] : known.partitions, added.partitions ?? [])
  const groups = union(begins ? [] : known.groups, added.groups ?? [])
  if (partitions.length + groups.length > membersMax) return { error: 'INVALID_REQUEST' }
  const unchanged = !begins && partitions.length === known.partitions.length && groups.length === known.groups.length
  if (unchanged) return { transaction: known }
  const startedAt = begins ? now : known.startedAt
  return { transaction: { ...known, state: 'Ongoing', partitions, groups, startedAt, changedAt: now } }
}

const union = (a: readonly string[], b: readonly string[]): string[] => [...new Set([...a, ...b])]

/** The holder ends its transaction. Asking again for what has been done is fine, since an answer may get lost. */
export function end(known: Transaction | undefined, holder: Holder, committed: boolean, now: number): Decision {
  const problem = holderProblem(known, holder)
  if (known === undefined || problem) return { error: problem ?? 'INVALID_PRODUCER_ID_MAPPING' }
  const [prepared, complete] = committed
    ? (['PrepareCommit', 'CompleteCommit'] as const)
    : (['PrepareAbort', 'CompleteAbort'] as const)
  if (known.state === 'Ongoing') return { transaction: { ...known, state: prepared, changedAt: now } }
  if (known.state === prepared || known.state === complete) return { transaction: known }
  return { error: 'INVALID_TXN_STATE' }
}

/** Aborts the transaction whoever holds it, who is fenced: the id was taken over, or time is up. */
export function fence(known: Transaction, now: number): Transaction {
  return { ...known, state: 'PrepareAbort', epoch: known.epoch + 1, previousEpoch: noEpoch, changedAt: now }
}

/** All markers are written. */
export function complete(known: Transaction, now: number): Transaction {
  const state = known.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort'
  return { ...known, state, partitions: [], groups: [], startedAt: -1, changedAt: now }
}

/** When the transaction is aborted unless it ends before; Infinity when there is none. Ms since 1970. */
export function deadlineOf({ state, startedAt, timeoutMs }: Transaction): number {
  return state === 'Ongoing' ? startedAt + timeoutMs : Number.POSITIVE_INFINITY
}
