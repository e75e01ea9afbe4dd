// Reads what is counted: accounts, totals, arrivals by the second.
import type { Database } from 'better-sqlite3'
import type { ArrivalSecond } from '../figures.ts'
import type { Account } from '../store.ts'

/** A partition with more holes than this is reported with its lowest ranges: the rest then counts as unseen. */
const rangesMax = 10_000

export interface AccountReader {
  accounts(options?: { former?: boolean }): Account[]
  totals(group: string): { events: number; deadLetters: number }
  arrivals(query: { group: string; fromSecond: number; toSecond: number }): ArrivalSecond[]
}

type AccountRow = Omit<Account, 'startOffset' | 'nextOffset' | 'rangesAbove'> & {
  id: number
  current: number
  filtered: number
}

export function accountReader(db: Database): AccountReader {
  const rows = db.prepare<[], AccountRow>(`
    SELECT account.id, consumer_group.name AS "group", topic, partition, epoch,
      stored, duplicates, noise, dead_letters AS deadLetters, redelivered, is_filtered AS filtered,
      epoch = (SELECT max(epoch) FROM account AS other WHERE other.source_id = source.id) AS current
    FROM account JOIN source ON source.id = account.source_id JOIN consumer_group ON consumer_group.id = source.group_id
    ORDER BY consumer_group.name, topic, partition, epoch`)
  const ranges = db
    .prepare<[number], [number, number]>(
      `SELECT from_offset, to_offset FROM accounted_range WHERE account_id = ? ORDER BY from_offset LIMIT ${rangesMax}`,
    )
    .raw()
  const totals = db.prepare<[string], { events: number; deadLetters: number }>(`
    SELECT ifnull(sum(stored), 0) AS events, ifnull(sum(dead_letters - failed_attempts), 0) AS deadLetters
    FROM account JOIN source ON source.id = account.source_id JOIN consumer_group ON consumer_group.id = source.group_id
    WHERE consumer_group.name = ?`)
  const arrivals = db.prepare<[string, number, number], ArrivalSecond>(`
    SELECT second, events, dead_letters AS deadLetters FROM arrival_second
    WHERE group_id = (SELECT id FROM consumer_group WHERE name = ?) AND second >= ? AND second < ? ORDER BY second`)

  function accounts({ former = false }: { former?: boolean } = {}): Account[] {
    return rows
      .all()
      .filter((row) => (row.current === 1) !== former)
      .map(({ id, current: _, filtered, ...account }) => {
        const [first = [0, 0], ...rangesAbove] = ranges.all(id)
        return {
          ...account,
          startOffset: first[0],
          nextOffset: first[1],
          rangesAbove,
          ...(filtered && { isFiltered: true }),
        }
      })
  }

  return {
    accounts: db.transaction(accounts),
    totals: (group) => totals.get(group) ?? { events: 0, deadLetters: 0 },
    arrivals: ({ group, fromSecond, toSecond }) => arrivals.all(group, fromSecond, toSecond),
  }
}
