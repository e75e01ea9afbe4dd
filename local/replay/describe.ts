// The words of a replay: what is planned, how far it is, and what the account says afterwards.
import type { AccountRow, Health } from '../../functions/api/schemas.ts'
import { type PartitionPlan, recordsAgain } from './plan.ts'

const count = (value: number) => value.toLocaleString('en')

export function describePlan(plans: PartitionPlan[]): string[] {
  return plans.map(({ partition, committed, target, note }) => {
    const place = committed === null ? '' : ` at ${count(committed)}`
    const what = target === null ? `stays${place}` : `${count(committed ?? 0)} -> ${count(target)}`
    return `  partition ${partition}: ${what}${note ? `, ${note}` : ''}`
  })
}

export function describeAmount(plans: PartitionPlan[]): string {
  const again = recordsAgain(plans)
  return again === 0 ? 'nothing is to be read again' : `${count(again)} records are to be read again`
}

/** One line a partition, with what the replay changed, and whether all is accounted for. */
export function describeAccount(before: Health, after: Health, group: string): string[] {
  const rows = after.accounts.filter((account) => account.group === group)
  const lines = rows.map((row) => {
    const was = before.accounts.find((account) => samePartition(account, row))
    const counters = (['stored', 'duplicates', 'noise', 'deadLetters', 'redelivered'] as const).map((name) => {
      const change = row[name] - (was && was.epoch === row.epoch ? was[name] : 0)
      return `${count(row[name])} ${name === 'deadLetters' ? 'dead letters' : name}${change > 0 ? ` (+${count(change)})` : ''}`
    })
    return `  partition ${row.partition}: ${counters.join(', ')}`
  })
  return [
    ...lines,
    after.balanced ? 'the account is balanced' : `the account is not balanced: ${after.complaints.join('; ')}`,
  ]
}

function samePartition(one: AccountRow, other: AccountRow): boolean {
  return one.group === other.group && one.topic === other.topic && one.partition === other.partition
}
