// What remaking the state of abandoned carts promises: the same incidents from the same records, and no offer twice.
import { expect, it } from 'vitest'
import type { ReadPartition, Remade, RemadeEvent } from '../abandonment-rebuild.ts'
import { dueUsersMax } from '../abandonment-state.ts'
import type { Outcome } from '../store.ts'
import { cartOutcomes, group, rules, spike } from './carts.ts'
import { event, startMs, topic } from './fixtures.ts'
import { type OpenStore, storeForEachTest } from './opened.ts'

export function abandonmentRebuildContract(open: OpenStore): void {
  const at = storeForEachTest(open)
  const outcome = cartOutcomes()

  const write = (outcomes: Outcome[]) =>
    at.store.abandonment.writeBatch({ group, outcomes, isFiltered: true, keepsNoEvents: true }, rules)
  /** The timer, where partitions were read to their end at these seconds. */
  const read = (seconds: (number | null)[]) =>
    at.store.abandonment.passTime(
      {
        group,
        topic,
        partitions: seconds.map((second, partition) => {
          return { partition, readToEndMs: second === null ? null : startMs + second * 1000, logStartOffset: 0 }
        }),
      },
      rules,
    )
  const begin = () => at.store.abandonment.rebuild.begin({ group, topic, by: 'a test' })
  /** Gives these records, as though each partition was read from its first of them to its last. */
  const add = (id: number, outcomes: Outcome[], goneBeforeMs: number | null = null): Promise<Remade> =>
    at.store.abandonment.rebuild.add(
      {
        ...{ id, topic, goneBeforeMs },
        stretches: [0, 1].map((partition) => {
          const offsets = outcomes.flatMap(({ record }) => (record.partition === partition ? [record.offset] : []))
          return { partition, from: offsets[0] ?? 0, to: (offsets.at(-1) ?? -1) + 1 }
        }),
        events: outcomes.flatMap(remade),
      },
      rules,
    )
  const essence = async () => {
    const overview = await at.store.abandonment.overview(group)
    return { overview, incidents: await at.store.abandonment.incidents({ group, limit: 99 }) }
  }
  const same = { differences: [], differing: 0, kept: 0, keptBeforeMs: null }

  it('finds the same incidents, makes no offer, and serves when it has read as far', async () => {
    await read([null, null])
    const outcomes = [...spike()].map(outcome)
    const { offers } = await write(outcomes)
    const before = await essence()
    const { id, read: from } = await begin()
    expect(from.map(({ startOffset, epochs }) => [startOffset, epochs])).toEqual([
      [0, 1],
      [0, 1],
    ])
    const half = outcomes.length / 2
    expect(await add(id, outcomes.slice(0, half))).toMatchObject({ added: half, unmade: 0, served: null })
    expect(await essence()).toEqual(before)
    const last = await add(id, outcomes.slice(half))
    expect(last).toMatchObject({ added: half, unmade: 0, served: { incidents: 1, ...same } })
    expect(await essence()).toEqual(before)
    const waiting = { group, decidedBeforeMs: at.now + 1, limit: 1_000 }
    expect(await at.store.abandonment.unpublished(waiting)).toHaveLength(offers.length)
  })

  it('repeats the passing of time at the offsets where it was recorded', async () => {
    await read([null, null])
    const [cart, late, purchase] = [
      outcome({ type: 'cart_add', user: 5000, at: 0 }),
      outcome({ type: 'purchase', user: 5000, at: 5 }),
      outcome({ type: 'purchase', user: 6000, at: 31 }),
    ]
    await write([cart])
    await read([20, 20])
    expect(await write([late])).toMatchObject({ late: 1 })
    await write([purchase])
    const before = await essence()
    const { id } = await begin()
    const { served } = await add(id, [cart, late, purchase])
    expect(served).toMatchObject(same)
    expect(await essence()).toEqual(before)
    expect(before.overview).toMatchObject({ decided: 1, abandoned: 1, late: 1 })
  })

  it('goes on with the group: what it has not read yet is left, and live batches come between', async () => {
    await read([null, null])
    const outcomes = [...spike()].map(outcome)
    const [first, second] = [outcomes.slice(0, 200), outcomes.slice(200)]
    await write(first)
    const { id } = await begin()
    const ahead = await add(id, first.slice(0, 50))
    expect(ahead).toMatchObject({ added: 50, served: null })
    await write(second)
    const before = await essence()
    expect(await add(id, [...first.slice(50), ...second])).toMatchObject({ served: same })
    expect(await essence()).toEqual(before)
  })

  it('takes nothing that the group has not accounted for', async () => {
    await read([null, null])
    const outcomes = [...spike()].map(outcome)
    await write(outcomes.slice(0, 60))
    const before = await essence()
    const { id } = await begin()
    const { added, read: reached, served } = await add(id, outcomes)
    expect([added, reached.reduce((sum: number, { nextOffset }: ReadPartition) => sum + nextOffset, 0)]).toEqual([
      60, 60,
    ])
    expect(served).toMatchObject(same)
    expect(await essence()).toEqual(before)
    await write(outcomes.slice(60))
    expect(await at.store.abandonment.incidents({ group, limit: 9 })).toMatchObject([{ end: 'over' }])
  })

  it('counts an event once, and none that the group has not stored', async () => {
    await read([null, null])
    const cart = outcome({ type: 'cart_add', user: 5000, at: 0 })
    await write([cart])
    const { id } = await begin()
    const other = event({ offset: 0 }, { event_id: 'never-stored', event_type: 'cart_add' })
    const conflict = event({ offset: 0 }, { event_id: '0-0', event_type: 'cart_add', amount: 99 })
    expect(await add(id, [other, conflict, cart, cart])).toMatchObject({ added: 1, unknown: 2 })
  })

  it('leaves out who was erased since', async () => {
    await read([null, null])
    const carts = [5000, 5001].map((user) => outcome({ type: 'cart_add', user, at: 0 }))
    await write(carts)
    at.now += 60_000
    await at.store.eraseUser({ userId: 5001, by: 'a test' })
    const { id } = await begin()
    expect(await add(id, carts)).toMatchObject({
      added: 1,
      erased: 1,
      served: { counters: { after: { shoppers: 1 } } },
    })
  })

  it('tells what differs, and makes no offers for it', async () => {
    await read([null, null])
    const outcomes = [...spike()].map(outcome)
    const { offers } = await write(outcomes)
    await at.tamper('DELETE FROM abandonment_incident')
    await at.tamper('DELETE FROM abandonment_offer')
    const { id } = await begin()
    expect(await add(id, outcomes)).toMatchObject({
      unmade: offers.length,
      served: { differing: 1, differences: [{ before: null, after: { end: 'over' } }] },
    })
    const waiting = { group, decidedBeforeMs: at.now + 1, limit: 1_000 }
    expect(await at.store.abandonment.unpublished(waiting)).toEqual([])
  })

  it('keeps incidents and counts of a time that the topic no longer holds', async () => {
    await read([null, null])
    const outcomes = [...spike()].map(outcome)
    await write(outcomes)
    const before = await essence()
    const { id } = await begin()
    const { served } = await add(id, outcomes.slice(250), startMs + 85_000)
    expect(served).toMatchObject({ kept: 1, differing: 0, keptBeforeMs: startMs + 85_000 + 11_000 + 22 * 5_000 })
    const after = await essence()
    expect(after.incidents).toEqual(before.incidents)
    expect(after.overview).toMatchObject({ decided: before.overview?.decided, abandoned: before.overview?.abandoned })
  })

  it('lets an incident of that time go on and end, where it is not over yet', async () => {
    await read([null, null])
    const outcomes = [...spike()].map(outcome)
    const until = outcomes.findIndex(({ record }) => record.timestamp >= startMs + 80_000)
    await write(outcomes.slice(0, until))
    expect(await at.store.abandonment.incidents({ group, limit: 9 })).toMatchObject([{ closedMs: null }])
    const { id } = await begin()
    expect(await add(id, outcomes.slice(until - 10, until), startMs + 78_000)).toMatchObject({ served: { kept: 1 } })
    await write(outcomes.slice(until))
    expect(await at.store.abandonment.incidents({ group, limit: 9 })).toMatchObject([{ end: 'over' }])
  })

  it('serves only when both have decided what is due', async () => {
    await read([null, null])
    const carts = Array.from({ length: dueUsersMax + 5 }, (_, user) => outcome({ type: 'cart_add', user, at: 0 }))
    const later = [0, 1].map((partition) => outcome({ type: 'view', user: 1, at: 60, partition }))
    await write(carts)
    expect(await write(later)).toMatchObject({ isMoreDue: true })
    const { id } = await begin()
    // The new state has two steps to go, then waits for the one that serves.
    for (const outcomes of [carts, later, later]) expect((await add(id, outcomes)).served).toBeNull()
    await read([null, null])
    expect((await add(id, later)).served).toMatchObject(same)
    expect(await at.store.abandonment.overview(group)).toMatchObject({ shoppers: 0, decided: dueUsersMax + 5 })
  })

  it('is begun anew after an interruption, given up, and leaves nothing behind', async () => {
    await read([null, null])
    const outcomes = [...spike()].map(outcome)
    await write(outcomes)
    const before = await essence()
    const interrupted = await begin()
    await add(interrupted.id, outcomes.slice(0, 50))
    const { id } = await begin()
    await expect(add(interrupted.id, outcomes)).rejects.toThrow('REBUILD_GONE')
    await at.store.abandonment.rebuild.cancel({ id })
    await expect(add(id, outcomes)).rejects.toThrow('REBUILD_GONE')
    expect(await essence()).toEqual(before)
    const last = await begin()
    expect((await add(last.id, outcomes)).served).not.toBeNull()
    const retention = { eventMsMax: 86_400_000, deadLetterMsMax: 86_400_000, bytesMax: null }
    for (let step = 0; step < 20; step++) await at.store.expire({ budgetMs: 0, retention })
    await at.tamper('UPDATE abandonment_state SET serves = NOT serves')
    expect(await at.store.abandonment.overview(group)).toBeNull()
  })
}

function remade({ record, ...outcome }: Outcome): RemadeEvent[] {
  if (outcome.kind !== 'event') return []
  const { event, contentHash } = outcome as Extract<Outcome, { kind: 'event' }>
  return [{ event, contentHash, recordMs: record.timestamp, partition: record.partition, offset: record.offset }]
}
