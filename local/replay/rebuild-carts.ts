// Rebuilds the second consumer's state from the topic, beside the one that serves, and tells what came of it.
import { setTimeout as sleep } from 'node:timers/promises'
import { PipelineError } from '../../functions/errors.ts'
import { type OffsetsReader, openOffsets, type PartitionOffsets } from '../../functions/kafka/offsets.ts'
import { readLog } from '../../functions/kafka/read-log.ts'
import type { AbandonmentRules } from '../../functions/retail/abandonment/rules.ts'
import type { ReadPartition, Remade, RemadeEvent, RemadeState } from '../../functions/store/abandonment-rebuild.ts'
import type { Store } from '../../functions/store/store.ts'
import { type MergedStep, mergeLog } from './merge-log.ts'
import { eventReader, type RebuildParts } from './rebuild.ts'

export interface CartsParts extends Omit<RebuildParts, 'store'> {
  store: Pick<Store, 'abandonment'>
  rules: AbandonmentRules
  /** How long it may stand still where the group is further than the topic, ms. */
  patienceMs?: number
}

export type CartsRebuilt = Pick<Remade, 'added' | 'erased' | 'unknown' | 'unmade'> & {
  /** Read from the topic. */
  records: number
  served: RemadeState
}

/** For each transaction, which holds up the group's batches for some tens of milliseconds. */
const recordsPerStep = 1_000
const pauseMs = 20

/**
 * Reads the topic from its earliest record until the new state has all that the group has, and serves. The old one is
 * served until then; where it fails, it stays.
 *
 * @throws PipelineError KAFKA_UNAVAILABLE, KAFKA_REFUSED; REBUILD_STUCK; REBUILD_GONE and STORE_* of the store
 */
export async function rebuildCarts(parts: CartsParts): Promise<CartsRebuilt> {
  const { kafka, store, group, topic, by, progress } = parts
  const { rebuild } = store.abandonment
  const offsets = openOffsets(kafka)
  const { id, read } = await rebuild.begin({ group, topic, by })
  try {
    return await catchUp(id, read, { ...parts, offsets, toEvents: eventReader(parts.now) })
  } catch (error) {
    await rebuild.cancel({ id }).catch(() => {})
    throw error
  } finally {
    progress.end()
    await offsets.close()
  }
}

interface Reading extends CartsParts {
  offsets: OffsetsReader
  toEvents: ReturnType<typeof eventReader>
}

/** Round for round up to where the log ends, which is mostly beyond where the group is; it ends when the two are level. */
async function catchUp(id: number, read: ReadPartition[], parts: Reading): Promise<CartsRebuilt> {
  const { kafka, offsets, group, topic, now, patienceMs = 15_000 } = parts
  const sum = { records: 0, added: 0, erased: 0, unknown: 0, unmade: 0 }
  const positions = new Map<number, number>()
  let goneBeforeMs: number | null | undefined
  let movedMs = now()
  for (;;) {
    const bounds = await offsets.read(group, topic)
    goneBeforeMs ??= await goneBefore(bounds, read, parts)
    const stretches = bounds.map(({ partition, logStartOffset: start, endOffset: to }) => {
      return { partition, from: positions.get(partition) ?? start, to }
    })
    const before = placeOf(positions)
    for await (const step of mergeLog(kafka, { topic, stretches }, recordsPerStep)) {
      const remade = await addStep({ id, goneBeforeMs }, step, parts)
      for (const name of ['added', 'erased', 'unknown', 'unmade'] as const) sum[name] += remade[name]
      sum.records += step.records.length
      if (remade.served) return { ...sum, served: remade.served }
      show(parts, step, bounds)
      if (settleAt(positions, step, remade.read)) break
    }
    if (placeOf(positions) !== before) movedMs = now()
    else if (now() - movedMs > patienceMs) throw new PipelineError('REBUILD_STUCK', standsAt(positions, group))
    await sleep(pauseMs)
  }
}

const placeOf = (positions: ReadonlyMap<number, number>): number =>
  [...positions.values()].reduce((sum, offset) => sum + offset, 0)

function standsAt(positions: ReadonlyMap<number, number>, group: string): string {
  const places = [...positions].map(([partition, offset]) => `${partition}:${offset}`)
  return `the new state of ${group} stands at ${places.join(', ')}`
}

function addStep(
  { id, goneBeforeMs }: { id: number; goneBeforeMs: number | null },
  { records, stretches }: MergedStep,
  { store, topic, rules, toEvents }: Reading,
): Promise<Remade> {
  const events = records.flatMap((record): RemadeEvent[] =>
    toEvents(record)
      // The mapping's filter keeps them away from the group.
      .filter(({ event }) => event.event_type !== 'view')
      .map((rebuilt) => ({ ...rebuilt, partition: record.partition, offset: record.offset })),
  )
  return store.abandonment.rebuild.add({ id, topic, stretches, events, goneBeforeMs }, rules)
}

/** Goes to where the step ended, or the group. Answers whether records are left that the group has not read. */
function settleAt(positions: Map<number, number>, { stretches }: MergedStep, read: ReadPartition[]): boolean {
  const ends = new Map(read.map(({ partition, nextOffset }) => [partition, nextOffset]))
  for (const { partition, from, to } of stretches) {
    positions.set(partition, Math.max(from, Math.min(to, ends.get(partition) ?? 0)))
  }
  return stretches.some(({ partition, to }) => (positions.get(partition) ?? 0) < to)
}

/** Before which moment records of some partition are gone that the group has read; null where none is. */
async function goneBefore(
  bounds: PartitionOffsets[],
  read: ReadPartition[],
  { kafka, topic, now }: CartsParts,
): Promise<number | null> {
  const isCut = ({ partition, logStartOffset }: PartitionOffsets) =>
    read.some((one) => one.partition === partition && (one.epochs > 1 || one.startOffset < logStartOffset))
  const firsts = bounds.filter(isCut).map(async ({ partition, logStartOffset, endOffset }) => {
    const first = await readLog(kafka, { topic, partition, from: logStartOffset, to: endOffset }).next()
    return first.value?.records[0]?.timestamp ?? now()
  })
  return firsts.length === 0 ? null : Math.max(...(await Promise.all(firsts)))
}

function show({ progress }: CartsParts, { stretches }: MergedStep, bounds: PartitionOffsets[]): void {
  const all = bounds.reduce((sum, { logStartOffset, endOffset }) => sum + endOffset - logStartOffset, 0)
  const start = bounds.reduce((sum, { logStartOffset }) => sum + logStartOffset, 0)
  const done = stretches.reduce((sum, { to }) => sum + to, 0) - start
  const text = `${done.toLocaleString('en')} of ${all.toLocaleString('en')} records read`
  progress.show({ share: done / Math.max(1, all), text })
}
