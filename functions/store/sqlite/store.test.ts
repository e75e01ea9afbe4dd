// The contract on SQLite. Runs of ids are tiny, so that every test crosses from recent ids to sealed ones.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { storeContract } from '../store.contract.ts'
import { openSqliteStore } from './store.ts'

storeContract(async ({ clock, sweepRows }) => {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-store-'))
  const file = join(folder, 'store.db')
  const options = { readOnly: false, clock, busyMsMax: 1_000, synchronous: 'normal', idsPerRun: 4, sweepRows }
  const store = await openSqliteStore(file, options)
  return {
    store,
    async tamper(sql) {
      const db = new Database(file)
      db.exec(sql)
      db.close()
    },
    async close() {
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
})
