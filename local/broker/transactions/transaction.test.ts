import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  add,
  complete,
  type Decision,
  deadlineOf,
  end,
  fence,
  initialize,
  isPrepared,
  type Transaction,
} from './transaction.ts'

const input = { id: 'shop', timeoutMs: 60_000, claim: null }
let lastProducerId = 100
const newProducerId = () => ++lastProducerId

function taken(decision: Decision): Transaction {
  if ('error' in decision) throw new Error(decision.error)
  return decision.transaction
}

const holderOf = ({ producerId, epoch }: Transaction) => ({ producerId, epoch })
const begin = () => taken(initialize(undefined, input, newProducerId, 0))
const ongoing = (transaction: Transaction) => taken(add(transaction, holderOf(transaction), { partitions: ['a:0'] }, 0))

describe('taking over a transactional id', () => {
  it('fences the holder before with a newer epoch, and keeps the producer id', () => {
    const first = begin()
    const second = taken(initialize(first, input, newProducerId, 1))
    expect(second).toMatchObject({ producerId: first.producerId, epoch: first.epoch + 1, state: 'Empty' })
    expect(add(second, holderOf(first), { partitions: ['a:0'] }, 1)).toEqual({ error: 'PRODUCER_FENCED' })
  })

  it('answers who asks again for the epoch it was given, and no one who was fenced by another', () => {
    const first = begin()
    const claim = holderOf(first)
    const bumped = taken(initialize(first, { ...input, claim }, newProducerId, 1))
    expect(initialize(bumped, { ...input, claim }, newProducerId, 2)).toEqual({ transaction: bumped })
    const heir = taken(initialize(bumped, input, newProducerId, 3))
    expect(initialize(heir, { ...input, claim: holderOf(bumped) }, newProducerId, 4)).toEqual({
      error: 'PRODUCER_FENCED',
    })
  })

  it('begins with a new producer id when the epochs are used up', () => {
    const worn = { ...begin(), epoch: 32_766 }
    const next = taken(initialize(worn, input, newProducerId, 0))
    expect(next.epoch).toBe(0)
    expect(next.producerId).not.toBe(worn.producerId)
  })

  it('waits for the end of what was left unfinished', () => {
    const left = ongoing(begin())
    expect(initialize(left, input, newProducerId, 0)).toEqual({ error: 'CONCURRENT_TRANSACTIONS' })
    expect(taken(initialize(complete(fence(left, 0), 0), input, newProducerId, 0)).state).toBe('Empty')
  })

  it.each([0, -1, 900_001])('refuses a time-out of %i ms', (timeoutMs) => {
    const decision = initialize(undefined, { ...input, timeoutMs }, newProducerId, 0)
    expect(decision).toEqual({ error: 'INVALID_TRANSACTION_TIMEOUT' })
  })
})

describe('a transaction', () => {
  it('is overdue its time-out after its first partition, and never outside a transaction', () => {
    const transaction = begin()
    expect(deadlineOf(transaction)).toBe(Number.POSITIVE_INFINITY)
    const first = taken(add(transaction, holderOf(transaction), { partitions: ['a:0'] }, 1_000))
    const second = taken(add(first, holderOf(first), { groups: ['g'] }, 30_000))
    expect(deadlineOf(second)).toBe(61_000)
  })

  it('ends once, the way that was decided first', () => {
    const transaction = ongoing(begin())
    const committing = taken(end(transaction, holderOf(transaction), true, 0))
    expect(end(committing, holderOf(transaction), false, 0)).toEqual({ error: 'INVALID_TXN_STATE' })
    const committed = complete(committing, 0)
    expect(end(committed, holderOf(transaction), true, 0)).toEqual({ transaction: committed })
    expect(end(committed, holderOf(transaction), false, 0)).toEqual({ error: 'INVALID_TXN_STATE' })
  })

  it('cannot be ended before it has begun', () => {
    const transaction = begin()
    expect(end(transaction, holderOf(transaction), true, 0)).toEqual({ error: 'INVALID_TXN_STATE' })
  })
})

it('only ever one producer at a time can change a transactional id, whatever producers do', () => {
  const actions = fc.array(
    fc.record({
      kind: fc.constantFrom('initialize', 'add', 'commit', 'abort', 'time out', 'finish'),
      who: fc.nat({ max: 3 }),
    }),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(actions, (given) => {
      let known: Transaction | undefined
      const held = new Map<number, { producerId: number; epoch: number }>()
      const take = (decision: Decision, who: number): void => {
        if ('error' in decision) return
        // Who was let through is who took the id last.
        if (known) expect(held.get(who)).toEqual(holderOf(known))
        known = decision.transaction
      }
      for (const { kind, who } of given) {
        const holder = held.get(who) ?? { producerId: -1, epoch: -1 }
        if (kind === 'initialize') {
          const decision = initialize(known, input, newProducerId, 0)
          if ('error' in decision) continue
          known = decision.transaction
          held.set(who, holderOf(known))
        } else if (kind === 'add') take(add(known, holder, { partitions: [`p:${who}`] }, 0), who)
        else if (kind === 'time out' && known?.state === 'Ongoing') known = fence(known, 0)
        else if (kind === 'finish' && known && isPrepared(known)) known = complete(known, 0)
        else if (kind === 'commit' || kind === 'abort') take(end(known, holder, kind === 'commit', 0), who)
      }
    }),
  )
})
