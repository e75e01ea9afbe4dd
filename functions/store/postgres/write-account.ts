// Writes what a batch changed in the account: counters added up, ranges as they are now, the group's number.
import { numbers } from './columns.ts'
import type { Session, Statement } from './database.ts'
import type { EpochGain } from './ledger.ts'

const addToCounters: Statement = {
  name: 'add-to-counters',
  text: `INSERT INTO account (source_id, epoch, stored, duplicates, noise, dead_letters, redelivered,
      expired_events) SELECT * FROM unnest($1::integer[], $2::integer[], $3::bigint[], $4::bigint[], $5::bigint[],
      $6::bigint[], $7::bigint[], $8::bigint[])
    ON CONFLICT (source_id, epoch) DO UPDATE SET
      stored = account.stored + excluded.stored, duplicates = account.duplicates + excluded.duplicates,
      noise = account.noise + excluded.noise, dead_letters = account.dead_letters + excluded.dead_letters,
      redelivered = account.redelivered + excluded.redelivered,
      expired_events = account.expired_events + excluded.expired_events`,
}

const removeRanges: Statement = {
  name: 'remove-ranges',
  text: `DELETE FROM accounted_range USING unnest($1::integer[], $2::integer[], $3::bigint[])
      AS gone (source_id, epoch, from_offset)
    WHERE accounted_range.source_id = gone.source_id AND accounted_range.epoch = gone.epoch
      AND accounted_range.from_offset = gone.from_offset`,
}

const writeRanges: Statement = {
  name: 'write-ranges',
  text: `INSERT INTO accounted_range SELECT * FROM unnest($1::integer[], $2::integer[], $3::bigint[], $4::bigint[])
    ON CONFLICT (source_id, epoch, from_offset) DO UPDATE SET to_offset = excluded.to_offset`,
}

const setSeq: Statement = { name: 'set-seq', text: 'UPDATE consumer_group SET seq = $2 WHERE id = $1' }

const setFiltered: Statement = {
  name: 'set-filtered',
  text: 'UPDATE consumer_group SET is_filtered = true WHERE id = $1 AND NOT is_filtered',
}

/** Counters add to what is there, so an account that is new needs nothing of its own. */
export function writeAccount(session: Session, gains: EpochGain[]): void {
  const sources = numbers(gains.map(({ sourceId }) => sourceId))
  const epochs = numbers(gains.map(({ epoch }) => epoch))
  const counters = (['stored', 'duplicates', 'noise', 'deadLetters', 'redelivered'] as const).map((counter) =>
    numbers(gains.map((gain) => gain.counters[counter])),
  )
  session.send(addToCounters, [sources, epochs, ...counters, numbers(gains.map(({ letGo }) => letGo))])

  const removed = gains.flatMap(({ sourceId, epoch, removed }) => removed.map((from) => ({ sourceId, epoch, from })))
  if (removed.length > 0) session.send(removeRanges, [...placesOf(removed), numbers(removed.map(({ from }) => from))])

  const written = gains.flatMap(({ sourceId, epoch, written }) =>
    written.map((range) => ({ sourceId, epoch, ...range })),
  )
  if (written.length === 0) return
  const [from, to] = [numbers(written.map((range) => range.from)), numbers(written.map((range) => range.to))]
  session.send(writeRanges, [...placesOf(written), from, to])
}

export function writeSeq(session: Session, groupId: number, seq: number): void {
  session.send(setSeq, [groupId, seq])
}

function placesOf(places: { sourceId: number; epoch: number }[]): [sources: string, epochs: string] {
  return [numbers(places.map(({ sourceId }) => sourceId)), numbers(places.map(({ epoch }) => epoch))]
}

/** Said once for all: the group's mapping has a filter. */
export function writeFiltered(session: Session, groupId: number): void {
  session.send(setFiltered, [groupId])
}
