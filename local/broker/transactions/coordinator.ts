// The shell around the transactions: keeps them in a file, writes their markers, and ends those whose time is up.
import type { CommittedOffsets } from '../groups/offsets.ts'
import { EntryFile, type EntryFilePlace } from '../log/entry-file.ts'
import type { Topics } from '../log/topics.ts'
import { compile } from '../protocol/codec.ts'
import type { ErrorName } from '../protocol/error-codes.ts'
import { int16, int32, int64, listOf, type ReadOf, string } from '../protocol/schema.ts'
import {
  add,
  complete,
  type Decision,
  deadlineOf,
  end,
  fence,
  type Holder,
  holderProblem,
  initialize,
  isPrepared,
  type Transaction,
  type TransactionState,
} from './transaction.ts'

const entryStruct = {
  id: string(),
  producerId: int64(),
  epoch: int16(),
  previousEpoch: int16(),
  timeoutMs: int32(),
  state: string(),
  partitions: listOf(string()),
  groups: listOf(string()),
  startedAt: int64(),
  changedAt: int64(),
}

/** Our choice, and theirs who come too many is the oldest idle one: Kafka forgets ids after a week, however many. */
const idsMax = 10_000

/** How often overdue transactions are looked for, and unfinished ends tried again. */
const checkMs = 1_000

export interface TransactionsOptions extends EntryFilePlace {
  topics: Topics
  offsets: CommittedOffsets
  /** Milliseconds since 1970. */
  now(): number
}

export class Transactions {
  private readonly options: TransactionsOptions
  /** In order of last change. */
  private readonly byId = new Map<string, Transaction>()
  private readonly entries: EntryFile<typeof entryStruct>
  private readonly timer: NodeJS.Timeout

  /**
   * Reads the file, and finishes what a killed process had decided: its markers may be missing in some partitions.
   *
   * @throws PipelineError LOG_CORRUPT when the file is damaged
   */
  constructor(options: TransactionsOptions) {
    this.options = options
    const apply = (entry: ReadOf<typeof entryStruct>) => this.apply(entry as Transaction)
    const codec = compile(entryStruct, 0, true)
    const current = () => [...this.byId.values()].map(asEntry)
    this.entries = new EntryFile({ ...options, codec, apply, current })
    this.check()
    this.timer = setInterval(() => this.check(), checkMs).unref()
  }

  all(): Transaction[] {
    return [...this.byId.values()]
  }

  get(id: string): Transaction | undefined {
    return this.byId.get(id)
  }

  /** Gives the id to a producer, and aborts what its last holder left unfinished. Throws the operating system's error. */
  initialize(id: string, timeoutMs: number, claim: Holder | null): Decision {
    const { topics, now } = this.options
    const known = this.byId.get(id)
    if (known?.state === 'Ongoing' && (claim === null || holderProblem(known, claim) === null)) {
      this.keep(fence(known, now()))
      claim = null
    }
    this.finish(id)
    const decision = initialize(this.byId.get(id), { id, timeoutMs, claim }, () => topics.newProducerId(), now())
    if ('transaction' in decision && decision.transaction !== this.byId.get(id)) {
      this.makeRoom()
      this.keep(decision.transaction)
    }
    return decision
  }

  /** Takes partitions (`topic:partition`) or groups into the transaction. Throws the operating system's error. */
  add(id: string, holder: Holder, added: { partitions?: string[]; groups?: string[] }): ErrorName | null {
    const decision = add(this.byId.get(id), holder, added, this.options.now())
    if ('error' in decision) return decision.error
    if (decision.transaction !== this.byId.get(id)) this.keep(decision.transaction)
    return null
  }

  /** Ends the transaction: decided once this is kept, whatever happens after. Throws the operating system's error. */
  end(id: string, holder: Holder, committed: boolean): ErrorName | null {
    const decision = end(this.byId.get(id), holder, committed, this.options.now())
    if ('error' in decision) return decision.error
    if (decision.transaction !== this.byId.get(id)) this.keep(decision.transaction)
    this.finish(id)
    return null
  }

  /** Why the holder may not write to the partition, or hold offsets of the group, as part of a transaction; or null. */
  memberProblem(id: string | null, holder: Holder, member: { partition?: string; group?: string }): ErrorName | null {
    const known = id === null ? undefined : this.byId.get(id)
    const problem = holderProblem(known, holder)
    if (known === undefined || problem) return problem === 'PRODUCER_FENCED' ? 'INVALID_PRODUCER_EPOCH' : problem
    const { partition, group } = member
    const belongs = partition === undefined || known.partitions.includes(partition)
    const holds = group === undefined || known.groups.includes(group)
    return known.state === 'Ongoing' && belongs && holds ? null : 'INVALID_TXN_STATE'
  }

  close(): void {
    clearInterval(this.timer)
    this.entries.close()
  }

  /** Aborts what is overdue and finishes what could not be finished when it was decided. */
  private check(): void {
    const now = this.options.now()
    for (const transaction of this.byId.values()) {
      const overdue = deadlineOf(transaction) <= now
      if (!overdue && !isPrepared(transaction)) continue
      try {
        if (overdue) this.keep(fence(transaction, now))
        this.finish(transaction.id)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === undefined) throw error
        this.options.say(`transaction ${transaction.id} cannot be ended yet: ${(error as Error).message}`)
      }
    }
  }

  /** Writes the markers of a transaction whose end is decided, settles its offsets, and notes that all is done. */
  private finish(id: string): void {
    const transaction = this.byId.get(id)
    if (transaction === undefined || !isPrepared(transaction)) return
    const { topics, offsets, now, fsync } = this.options
    const { producerId, epoch: producerEpoch, partitions, groups } = transaction
    const committed = transaction.state === 'PrepareCommit'
    for (const partition of partitions) {
      const [topic, index] = partition.split(':') as [string, string]
      const log = topics.log(topic, Number(index))
      // Deleted meanwhile, or marked by an earlier attempt.
      if (!log?.producers.isOpen(producerId)) continue
      log.appendMarker({ producerId, producerEpoch, committed }, now(), fsync)
    }
    for (const group of groups) offsets.settle(group, producerId, committed)
    this.keep(complete(transaction, now()))
  }

  private makeRoom(): void {
    if (this.byId.size < idsMax) return
    for (const { id, state } of this.byId.values()) {
      if (state === 'Ongoing' || state.startsWith('Prepare')) continue
      this.byId.delete(id)
      return
    }
  }

  private keep(transaction: Transaction): void {
    this.entries.append(asEntry(transaction))
  }

  private apply(transaction: Transaction): void {
    this.byId.delete(transaction.id)
    this.byId.set(transaction.id, transaction)
  }
}

function asEntry(transaction: Transaction): ReadOf<typeof entryStruct> & { state: TransactionState } {
  return { ...transaction, partitions: [...transaction.partitions], groups: [...transaction.groups] }
}
