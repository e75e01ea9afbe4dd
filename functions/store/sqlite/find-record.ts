// Finds what became of the record of one offset, and what was written with it.
import type { Database } from 'better-sqlite3'
import { batchSeqsMax, marksTriedMax, seqsFromMarkMax } from '../place-marks.ts'
import type { FoundRecord, RecordPlace } from '../search.ts'
import { type Cell, deadLetterColumns, eventColumns, toDeadLetter, toEvent } from './read-rows.ts'

/** Epochs that are looked through, the newest first. */
const epochsMax = 4

interface AccountOf {
  accountId: number
  sourceId: number
  groupId: number
  epoch: number
}

export function recordFinder(db: Database): (place: RecordPlace) => FoundRecord | null {
  const accounts = db.prepare<[string, string, number], AccountOf>(`
    SELECT account.id AS accountId, source.id AS sourceId, group_id AS groupId, epoch
    FROM consumer_group JOIN source ON source.group_id = consumer_group.id JOIN account ON account.source_id = source.id
    WHERE consumer_group.name = ? AND topic = ? AND partition = ? ORDER BY epoch DESC LIMIT ${epochsMax}`)
  const marks = db
    .prepare<[number, number], number>(
      `SELECT seq FROM place_mark WHERE account_id = ? AND record_offset <= ? ORDER BY record_offset DESC LIMIT ${marksTriedMax}`,
    )
    .pluck()
  const joined = 'JOIN account ON account.id = row.account_id JOIN source ON source.id = account.source_id'
  const event = db
    .prepare<[number, number, number, number, number], Cell[]>(
      `SELECT ${eventColumns} FROM event AS row ${joined}
       WHERE row.group_id = ? AND seq >= ? AND seq < ? AND row.account_id = ? AND record_offset = ? LIMIT 1`,
    )
    .raw()
  const deadLetter = db
    .prepare<[number, number, number], Cell[]>(
      `SELECT ${deadLetterColumns} FROM dead_letter AS row ${joined} WHERE row.group_id = ?
       AND seq IN (SELECT seq FROM dead_letter_identity WHERE source_id = ? AND record_offset = ?) ORDER BY seq DESC LIMIT 1`,
    )
    .raw()
  const inBatch = (table: string) =>
    db.prepare<[number, number, number, number], { first: number | null; last: number | null; rows: number }>(
      `SELECT min(seq) AS first, max(seq) AS last, count(*) AS rows FROM ${table}
       WHERE group_id = ? AND seq > ? AND seq < ? AND arrived_ms = ?`,
    )
  const batchOf = { events: inBatch('event'), deadLetters: inBatch('dead_letter') }

  function batch(groupId: number, seq: number, arrivedMs: number): FoundRecord['batch'] {
    const range = [groupId, seq - batchSeqsMax, seq + batchSeqsMax, arrivedMs] as const
    const [events, deadLetters] = [batchOf.events.get(...range), batchOf.deadLetters.get(...range)]
    return {
      arrivedMs,
      firstSeq: Math.min(events?.first ?? seq, deadLetters?.first ?? seq),
      lastSeq: Math.max(events?.last ?? seq, deadLetters?.last ?? seq),
      events: events?.rows ?? 0,
      deadLetters: deadLetters?.rows ?? 0,
    }
  }

  function findEvent({ groupId, accountId }: AccountOf, offset: number): Cell[] | undefined {
    for (const seq of marks.all(accountId, offset)) {
      const cells = event.get(groupId, seq, seq + seqsFromMarkMax, accountId, offset)
      if (cells) return cells
    }
    return undefined
  }

  return db.transaction(({ group, topic, partition, offset }: RecordPlace): FoundRecord | null => {
    for (const account of accounts.all(group, topic, partition)) {
      const { groupId, epoch } = account
      const cells = findEvent(account, offset)
      if (cells) {
        const row = toEvent(cells)
        return { epoch, event: row, deadLetter: null, batch: batch(groupId, row.seq, Date.parse(row.processed_at)) }
      }
      const aside = deadLetter.get(groupId, account.sourceId, offset)
      if (aside) {
        const row = toDeadLetter(aside)
        return { epoch, event: null, deadLetter: row, batch: batch(groupId, row.seq, row.arrived_ms) }
      }
    }
    return null
  })
}
