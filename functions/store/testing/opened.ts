// A fresh store for each test of the contract, with a clock that stands still until it is moved.
import { afterEach, beforeEach } from 'vitest'
import type { Account, BatchResult, Outcome, Store } from '../store.ts'
import { group, startMs } from './fixtures.ts'

export interface StoreUnderTest {
  store: Store
  /** Changes the tables behind the store's back. */
  tamper(sql: string): Promise<void>
  close(): Promise<void>
}

/** How an adapter opens a fresh store. */
export type OpenStore = (options: { clock: () => number; sweepRows?: number }) => Promise<StoreUnderTest>

export interface OpenedStore {
  store: Store
  /** What the store's clock says. */
  now: number
  write(...outcomes: Outcome[]): Promise<BatchResult>
  /** The first account. */
  account(): Promise<Account | undefined>
  tamper(sql: string): Promise<void>
}

export function storeForEachTest(open: OpenStore): OpenedStore {
  let opened: StoreUnderTest
  const at: OpenedStore = {
    now: startMs,
    get store() {
      return opened.store
    },
    write: (...outcomes) => opened.store.writeBatch({ group, outcomes }),
    account: async () => (await opened.store.accounts())[0],
    tamper: (sql) => opened.tamper(sql),
  }
  beforeEach(async () => {
    at.now = startMs
    opened = await open({ clock: () => at.now })
  })
  afterEach(() => opened.close())
  return at
}
