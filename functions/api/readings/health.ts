// Whether every offset is accounted for: the account, the samples and the sweep put together.
import { unseenOffsets } from '../../status/lag.ts'
import type { Account, Explanation, LagSample, Store } from '../../store/store.ts'
import { accountRow } from '../rows.ts'
import type { AccountRow, Health } from '../schemas.ts'

export type HealthStore = Pick<Store, 'accounts' | 'explanations' | 'lastSweep' | 'latestLagSamples'>

/** A sampler is silent after this many periods, yet not before ten seconds. */
const silentPeriods = 2.5
const silentMsMin = 10_000

/**
 * `balanced` is false as soon as anything is known not to add up. `status` is unknown while nobody has looked lately:
 * no recent sample of the offsets, or no finished sweep of the rows.
 */
export async function readHealth(store: HealthStore, now: () => number, samplePeriodMs: number): Promise<Health> {
  // Samples before accounts: a batch is stored before it is committed, so this order can only see too little committed.
  const samples = await store.latestLagSamples()
  const accounts = await store.accounts()
  const formerAccounts = await store.accounts({ former: true })
  const explanations = await store.explanations()
  const sweep = await store.lastSweep()

  const rows = accounts.map((account) => healthOf(account, samples, explanations))
  const complaints = [...sweep.complaints, ...rows.filter(({ unseen }) => unseen > 0).map(unseenComplaint)]
  const sampledAt = samples.length === 0 ? null : Math.max(...samples.map(({ at }) => at))
  const isSilent = sampledAt === null || now() - sampledAt > Math.max(silentMsMin, silentPeriods * samplePeriodMs)
  const balanced = complaints.length === 0
  return {
    status: !balanced ? 'unbalanced' : isSilent || sweep.finishedAt === null ? 'unknown' : 'ok',
    balanced,
    complaints,
    sweptAt: sweep.finishedAt === null ? null : new Date(sweep.finishedAt).toISOString(),
    sampledAt: sampledAt === null ? null : new Date(sampledAt).toISOString(),
    accounts: rows,
    formerAccounts: formerAccounts.map((account) => accountRow(account, 0, [])),
  }
}

function healthOf(account: Account, samples: LagSample[], explanations: Explanation[]): AccountRow {
  const isSame = ({ group, topic, partition }: { group: string; topic: string; partition: number }) =>
    group === account.group && topic === account.topic && partition === account.partition
  const explained = explanations.filter((one) => isSame(one) && one.epoch === account.epoch)
  const committed = samples.find(isSame)?.committedOffset ?? null
  const unseen = account.isFiltered ? 0 : unseenOffsets(account, committed, explained)
  return accountRow(account, unseen, explained)
}

function unseenComplaint({ group, topic, partition, unseen }: AccountRow): string {
  return `${group} committed ${unseen} offsets of ${topic}-${partition} that are not accounted`
}
