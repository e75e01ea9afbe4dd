// The contract on Postgres, inside this process. What needs several connections is tested on a server: test/postgres.
import { afterAll, beforeAll } from 'vitest'
import { storeContract } from '../store.contract.ts'
import type { OpenStore, StoreUnderTest } from '../testing/opened.ts'
import { openPostgresStore } from './store.ts'
import { type InProcessPostgres, startInProcessPostgres } from './testing/pglite.ts'

let postgres: InProcessPostgres
beforeAll(async () => {
  postgres = await startInProcessPostgres()
})
afterAll(() => postgres.close())

async function open({ clock, sweepRows }: Parameters<OpenStore>[0]): Promise<StoreUnderTest> {
  await postgres.reset()
  const store = await openPostgresStore('postgres://postgres@in-process/postgres', {
    readOnly: false,
    clock,
    busyMsMax: 1_000,
    connectionsMax: 1,
    sweepRows,
    stream: postgres.stream,
  })
  return { store, tamper: postgres.exec, close: store.close }
}

storeContract(open, { historyCount: 8 })
