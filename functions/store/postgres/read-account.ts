// Reads what is counted: accounts, totals, arrivals by the second.
import type { ArrivalSecond } from '../figures.ts'
import type { Account } from '../store.ts'
import type { Database, Statement } from './database.ts'

/** A partition with more holes than this is reported with its lowest ranges: the rest then counts as unseen. */
const rangesMax = 10_000

export interface AccountReader {
  accounts(options?: { former?: boolean }): Promise<Account[]>
  totals(group: string): Promise<{ events: number; deadLetters: number }>
  arrivals(query: { group: string; fromSecond: number; toSecond: number }): Promise<ArrivalSecond[]>
}

/** In one statement, so that counters and ranges speak of the same moment. */
const accountsOf: Statement = {
  name: 'accounts',
  text: `SELECT consumer_group.name AS "group", topic, partition, account.epoch,
      stored, duplicates, noise, dead_letters AS "deadLetters", redelivered, is_filtered AS filtered, froms, tos
    FROM account JOIN source ON source.id = account.source_id JOIN consumer_group ON consumer_group.id = source.group_id
    JOIN LATERAL (SELECT max(epoch) AS epoch FROM account AS any_epoch WHERE source_id = source.id) AS newest ON true
    JOIN LATERAL (
      SELECT coalesce(array_agg(from_offset), '{}') AS froms, coalesce(array_agg(to_offset), '{}') AS tos FROM (
        SELECT from_offset, to_offset FROM accounted_range AS range
        WHERE range.source_id = source.id AND range.epoch = account.epoch ORDER BY from_offset LIMIT ${rangesMax}
      ) AS lowest
    ) AS accounted ON true
    WHERE (account.epoch < newest.epoch) = $1
    ORDER BY consumer_group.name, topic, partition, account.epoch`,
}

const totalsOf: Statement = {
  name: 'totals',
  text: `SELECT coalesce(sum(stored), 0)::bigint AS events, coalesce(sum(dead_letters - failed_attempts), 0)::bigint AS "deadLetters"
    FROM account JOIN source ON source.id = account.source_id JOIN consumer_group ON consumer_group.id = source.group_id
    WHERE consumer_group.name = $1`,
}

const arrivalsOf: Statement = {
  name: 'arrivals',
  text: `SELECT second, events, dead_letters AS "deadLetters" FROM arrival_second
    WHERE group_id = (SELECT id FROM consumer_group WHERE name = $1) AND second >= $2 AND second < $3 ORDER BY second`,
}

type AccountRow = Omit<Account, 'startOffset' | 'nextOffset' | 'rangesAbove'> & {
  filtered: boolean
  froms: number[]
  tos: number[]
}

export function accountReader(database: Database): AccountReader {
  return {
    accounts: async ({ former = false } = {}) => (await database.rows<AccountRow>(accountsOf, [former])).map(toAccount),
    async totals(group) {
      const [row] = await database.rows<{ events: number; deadLetters: number }>(totalsOf, [group])
      return row ?? { events: 0, deadLetters: 0 }
    },
    arrivals: ({ group, fromSecond, toSecond }) =>
      database.rows<ArrivalSecond>(arrivalsOf, [group, fromSecond, toSecond]),
  }
}

function toAccount({ filtered, froms, tos, ...row }: AccountRow): Account {
  const ranges = froms.map((from, index): [number, number] => [from, tos[index] as number])
  const [first = [0, 0], ...rangesAbove] = ranges
  return { ...row, startOffset: first[0], nextOffset: first[1], rangesAbove, ...(filtered && { isFiltered: true }) }
}
