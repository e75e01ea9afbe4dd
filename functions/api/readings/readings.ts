// The readings that routes and the live stream share, each made once however many ask for it.
import type { ApiParts } from '../parts.ts'
import { remember } from '../remember.ts'
import type { Bucket, Health, Lag, Summary } from '../schemas.ts'
import { readHealth } from './health.ts'
import { lagAnswer, lagReader } from './lag.ts'
import { readSummary } from './summary.ts'
import { readThroughput } from './throughput.ts'

export interface Readings {
  health(): Promise<Health>
  lag(): Promise<Lag>
  summary(): Promise<Summary>
  /** Whole seconds and the running one where `toSecond` includes it. */
  throughput(fromSecond: number, toSecond: number, step?: number): Promise<Bucket[]>
}

/** Many readers cost 40 readings a second at most, and who has just seen an event finds it counted. */
const keepMs = 25

export function openReadings(parts: ApiParts): Readings {
  const { store, now, group, samplePeriodMs } = parts
  const lag = remember(keepMs, now, lagReader(store, now, samplePeriodMs))
  const health = remember(keepMs, now, () => readHealth(store, now, samplePeriodMs))
  return {
    health,
    lag: async () => lagAnswer(await lag()),
    summary: remember(keepMs, now, () => readSummary(parts, lag, health)),
    throughput: (fromSecond, toSecond, step) => readThroughput(store, { group, fromSecond, toSecond, step }),
  }
}
