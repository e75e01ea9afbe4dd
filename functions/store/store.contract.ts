// What every adapter of the store must do; each runs this suite on fresh stores of its own.
import { describe } from 'vitest'
import { accountContract } from './contract/account.ts'
import { batchContract } from './contract/batch.ts'
import { lagSamplesContract } from './contract/lag-samples.ts'
import type { OpenStore } from './contract/opened.ts'
import { readingContract } from './contract/reading.ts'
import { sweepContract } from './contract/sweep.ts'

export function storeContract(open: OpenStore): void {
  describe('writing a batch', () => batchContract(open))
  describe('the account', () => accountContract(open))
  describe('reading', () => readingContract(open))
  describe('lag samples', () => lagSamplesContract(open))
  describe('the sweep', () => sweepContract(open))
}
