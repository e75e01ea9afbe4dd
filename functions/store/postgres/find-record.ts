// Finds what became of the record of one offset, and what was written with it.
import { batchSeqsMax, marksTriedMax, seqsFromMarkMax } from '../place-marks.ts'
import type { FoundRecord, RecordPlace } from '../search.ts'
import type { StoredDeadLetter } from '../store.ts'
import type { Database, Statement } from './database.ts'
import { deadLetterColumns, type EventRow, eventColumns, toEvent } from './read-rows.ts'

/** Epochs that are looked through, the newest first. */
const epochsMax = 4

const accountsOf: Statement = {
  name: 'accounts-of-partition',
  text: `SELECT source.id AS "sourceId", group_id AS "groupId", epoch
    FROM consumer_group JOIN source ON source.group_id = consumer_group.id JOIN account ON account.source_id = source.id
    WHERE consumer_group.name = $1 AND topic = $2 AND partition = $3 ORDER BY epoch DESC LIMIT ${epochsMax}`,
}

const eventAt: Statement = {
  name: 'event-at',
  text: `SELECT ${eventColumns} FROM (
      SELECT seq AS mark FROM place_mark WHERE source_id = $2 AND epoch = $3 AND record_offset <= $4
      ORDER BY record_offset DESC LIMIT ${marksTriedMax}
    ) AS marks
    JOIN event ON event.group_id = $1 AND seq >= mark AND seq < mark + ${seqsFromMarkMax}
      AND source_id = $2 AND epoch = $3 AND record_offset = $4
    JOIN source ON source.id = event.source_id LIMIT 1`,
}

const deadLetterAt: Statement = {
  name: 'dead-letter-at',
  text: `SELECT ${deadLetterColumns} FROM dead_letter JOIN source ON source.id = dead_letter.source_id
    WHERE dead_letter.group_id = $1
    AND seq IN (SELECT seq FROM dead_letter_identity WHERE source_id = $2 AND record_offset = $3)
    ORDER BY seq DESC LIMIT 1`,
}

const rowsOf = (table: string) => `SELECT min(seq) AS first, max(seq) AS last, count(*) AS rows FROM ${table}
  WHERE group_id = $1 AND seq > $2 AND seq < $3 AND arrived_ms = $4`

const batchAround: Statement = {
  name: 'batch-around',
  text: `SELECT least(event.first, aside.first) AS "firstSeq", greatest(event.last, aside.last) AS "lastSeq",
      event.rows AS events, aside.rows AS "deadLetters"
    FROM (${rowsOf('event')}) AS event, (${rowsOf('dead_letter')}) AS aside`,
}

export function recordFinder(database: Database): (place: RecordPlace) => Promise<FoundRecord | null> {
  async function batch(groupId: number, seq: number, arrivedMs: number): Promise<FoundRecord['batch']> {
    const range = [groupId, seq - batchSeqsMax, seq + batchSeqsMax, arrivedMs]
    const [row] = await database.rows<Omit<FoundRecord['batch'], 'arrivedMs'>>(batchAround, range)
    return { firstSeq: seq, lastSeq: seq, events: 0, deadLetters: 0, ...row, arrivedMs }
  }

  return async ({ group, topic, partition, offset }) => {
    const accounts = await database.rows<{ sourceId: number; groupId: number; epoch: number }>(accountsOf, [
      group,
      topic,
      partition,
    ])
    for (const { sourceId, groupId, epoch } of accounts) {
      const [stored] = await database.rows<EventRow>(eventAt, [groupId, sourceId, epoch, offset])
      if (stored) {
        const around = await batch(groupId, stored.seq, stored.arrived_ms)
        return { epoch, event: toEvent(stored), deadLetter: null, batch: around }
      }
      const [aside] = await database.rows<StoredDeadLetter>(deadLetterAt, [groupId, sourceId, offset])
      if (aside) {
        return { epoch, event: null, deadLetter: aside, batch: await batch(groupId, aside.seq, aside.arrived_ms) }
      }
    }
    return null
  }
}
