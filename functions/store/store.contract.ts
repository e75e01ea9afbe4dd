// What every adapter of the store must do; each runs this suite on fresh stores of its own.
import { describe } from 'vitest'
import { abandonmentContract } from './testing/abandonment.ts'
import { abandonmentRebuildContract } from './testing/abandonment-rebuild.ts'
import { accountContract } from './testing/account.ts'
import { batchContract } from './testing/batch.ts'
import { deadLetterWorkContract } from './testing/dead-letter-work.ts'
import { findRecordContract } from './testing/find-record.ts'
import { lagSamplesContract } from './testing/lag-samples.ts'
import type { OpenStore } from './testing/opened.ts'
import { readingContract } from './testing/reading.ts'
import { rebuildsContract } from './testing/rebuilds.ts'
import { redrivesContract } from './testing/redrives.ts'
import { retentionContract } from './testing/retention.ts'
import { rollupsContract } from './testing/rollups.ts'
import { searchContract } from './testing/search.ts'
import { sweepContract } from './testing/sweep.ts'
import { sweepHistoriesContract } from './testing/sweep-histories.ts'

/** `historyCount` random histories are compared with the model: fewer where the database runs inside the test's process. */
export function storeContract(open: OpenStore, { historyCount = 60 } = {}): void {
  describe('writing a batch', () => batchContract(open))
  describe('the account', () => accountContract(open, historyCount))
  describe('reading', () => readingContract(open))
  describe('searching', () => searchContract(open))
  describe('finding a record', () => findRecordContract(open))
  describe('lag samples', () => lagSamplesContract(open))
  describe('the sweep', () => {
    sweepContract(open)
    sweepHistoriesContract(open, historyCount)
  })
  describe('rollups', () => rollupsContract(open))
  describe('figures made anew', () => rebuildsContract(open))
  describe('dead letters as work', () => {
    deadLetterWorkContract(open)
    redrivesContract(open)
  })
  describe('abandoned carts', () => abandonmentContract(open))
  describe('abandoned carts made anew', () => abandonmentRebuildContract(open))
  describe('what goes and what stays', () => retentionContract(open))
}
