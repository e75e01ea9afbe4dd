// The strict identity of events: which ids a group has stored, and with which content.
import type { Database } from 'better-sqlite3'
import { hashOf, IdFilter } from './id-filter.ts'

export interface EventIds {
  /** To be called first in every transaction that claims or compares ids. */
  begin(): void
  /** Remembers the id with its content, or says how the content compares where the id is known. */
  claim(groupId: number, eventId: string, contentHash: Uint8Array): 'new' | 'same' | 'other'
  /** The same without remembering it. */
  compare(groupId: number, eventId: string, contentHash: Uint8Array): 'new' | 'same' | 'other'
  /** Keeps the id for as long as the ID_CONFLICT with this number is kept. */
  conflict(groupId: number, eventId: string, seq: number): void
  /** To be called last in the transaction, with the highest place of what was new in each partition. */
  end(places: IdPlace[]): void
}

/** Up to where a partition's events were stored; ids are kept until the topic's log has passed it. */
export interface IdPlace {
  sourceId: number
  offset: number
}

/** About 20 ms of work for the batch that seals a run, and one MiB of filters for 32 of them. */
export const idsPerRun = 12_288

export type Key = string | Buffer

/**
 * Prepares the claiming of ids, inside the transaction that stores their events.
 *
 * Ids are random, and one big index of them costs every event a page of its own to write. So new ids go to a small index
 * of recent ones, few pages that a batch fills again and again. When it is full it is sealed: its rows are appended in
 * their order as one run, which never changes again. Whether a run holds an id is ruled out by Bloom filters in memory,
 * and looked up where they cannot; they save work and decide nothing.
 *
 * The filters are read from the store whenever a transaction finds more runs than it knows, whoever sealed them. What was
 * sealed by a transaction that rolled back was never read, so it leaves no trace.
 */
export function eventIds(db: Database, options: { idsPerRun: number }): EventIds {
  const state = db.prepare<[], { recent: number; runs: number }>('SELECT recent, runs FROM id_state')
  const setRecent = db.prepare('UPDATE id_state SET recent = ?')
  const insert = db.prepare('INSERT INTO recent_id VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
  const recent = db
    .prepare<[number, Key], Buffer>('SELECT content_hash FROM recent_id WHERE group_id = ? AND event_id = ?')
    .pluck()
  const sealed = db
    .prepare<[number, number, Key], Buffer>(
      'SELECT content_hash FROM sealed_id WHERE run = ? AND group_id = ? AND event_id = ?',
    )
    .pluck()
  const filterBits = db.prepare<[number], Buffer>('SELECT bits FROM sealed_id_filter WHERE id = ?').pluck()
  const firstWord = db.prepare<[], number | null>('SELECT min(id) FROM sealed_id_filter').pluck()
  const addPlace = db.prepare(
    'INSERT INTO recent_id_source VALUES (?, ?) ON CONFLICT DO UPDATE SET offset_max = max(offset_max, excluded.offset_max)',
  )
  const addConflict = db.prepare('INSERT INTO conflict_id VALUES (?, ?, ?)')
  const filter = new IdFilter(options.idsPerRun)
  const seal = runSealer(db, filter, options.idsPerRun)
  let runsKnown = 0
  let recentCount = 0
  let recentBefore = 0

  function begin(): void {
    const { recent, runs } = state.get() ?? { recent: 0, runs: 0 }
    recentCount = recentBefore = recent
    if (runs === runsKnown) return
    const first = firstWord.get() ?? 0
    if (filter.isMostlyBefore(first)) runsKnown = filter.restart(first) * 32
    filter.reserve((runs - 1) >>> 5)
    for (let word = runsKnown >>> 5; word * 32 < runs; word++) {
      const bits = filterBits.get(word)
      if (bits) filter.load(word, bits)
    }
    runsKnown = runs
  }

  function sealedHash(groupId: number, key: Key): Buffer | undefined {
    for (const run of filter.candidates(hashOf(groupId, key))) {
      const known = sealed.get(run, groupId, key)
      if (known) return known
    }
    return undefined
  }

  function claim(groupId: number, eventId: string, contentHash: Uint8Array): 'new' | 'same' | 'other' {
    const key = compactId(eventId)
    const known = sealedHash(groupId, key)
    if (known) return known.equals(contentHash) ? 'same' : 'other'
    if (insert.run(groupId, key, contentHash).changes === 1) {
      recentCount++
      return 'new'
    }
    return recent.get(groupId, key)?.equals(contentHash) ? 'same' : 'other'
  }

  function compare(groupId: number, eventId: string, contentHash: Uint8Array): 'new' | 'same' | 'other' {
    const key = compactId(eventId)
    const known = recent.get(groupId, key) ?? sealedHash(groupId, key)
    if (!known) return 'new'
    return known.equals(contentHash) ? 'same' : 'other'
  }

  function end(places: IdPlace[]): void {
    for (const { sourceId, offset } of places) addPlace.run(sourceId, offset)
    if (recentCount >= options.idsPerRun) seal(runsKnown)
    else if (recentCount !== recentBefore) setRecent.run(recentCount)
  }

  const conflict = (groupId: number, eventId: string, seq: number) => {
    addConflict.run(groupId, compactId(eventId), seq)
  }

  return { begin, claim, compare, conflict, end }
}

/** Prepares the sealing of all recent ids, as runs of at most `idsPerRun`, the first of them numbered `run`. */
function runSealer(db: Database, filter: IdFilter, idsPerRun: number): (run: number) => void {
  // In the order of their key: appending fills pages, where inserting at random splits them.
  const members = 'FROM recent_id ORDER BY group_id, event_id LIMIT ? OFFSET ?'
  const keys = db.prepare<[number, number], [groupId: number, id: Key]>(`SELECT group_id, event_id ${members}`).raw()
  const append = db.prepare(`INSERT INTO sealed_id SELECT ?, group_id, event_id, content_hash ${members}`)
  const clear = db.prepare('DELETE FROM recent_id')
  const addPlaces = db.prepare('INSERT INTO sealed_run_source SELECT ?, source_id, offset_max FROM recent_id_source')
  const clearPlaces = db.prepare('DELETE FROM recent_id_source')
  const filterBits = db.prepare<[number], Buffer>('SELECT bits FROM sealed_id_filter WHERE id = ?').pluck()
  const setFilter = db.prepare(
    'INSERT INTO sealed_id_filter VALUES (?, ?) ON CONFLICT DO UPDATE SET bits = excluded.bits',
  )
  const setState = db.prepare('UPDATE id_state SET recent = 0, runs = ?')

  return function seal(firstRun) {
    let run = firstRun
    for (let from = 0; ; from += idsPerRun) {
      const hashes = keys.all(idsPerRun, from).map(([groupId, id]) => hashOf(groupId, id))
      if (hashes.length === 0) break
      append.run(run, idsPerRun, from)
      addPlaces.run(run)
      const word = run >>> 5
      setFilter.run(word, filter.add(filterBits.get(word) ?? null, run, hashes))
      run++
    }
    clear.run()
    clearPlaces.run()
    setState.run(run)
  }
}

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/

/** Half of a character, which JSON can carry ("\\ud800") and UTF-8 cannot: every one would be stored as U+FFFD. */
const halfCharacter = /\p{Surrogate}/u

/**
 * Most ids are lower-case UUIDs: 16 bytes instead of 36. SQLite never takes bytes for text, so no two ids meet.
 * The few that UTF-8 cannot tell apart are kept as UTF-16 behind a zero: an odd number of bytes, so never 16.
 */
export function compactId(eventId: string): Key {
  if (eventId.length === 36 && uuid.test(eventId)) return Buffer.from(eventId.replaceAll('-', ''), 'hex')
  return halfCharacter.test(eventId) ? Buffer.from(`\0${eventId}`, 'utf16le').subarray(1) : eventId
}
