// The store on Postgres: one schema of a database, any number of processes on it.
import type { Duplex } from 'node:stream'
import type { Store } from '../store.ts'
import { abandonmentWriter } from './abandonment.ts'
import { outbox } from './abandonment-offers.ts'
import { abandonmentReader } from './abandonment-read.ts'
import { abandonmentRebuild } from './abandonment-rebuild.ts'
import { storeAddress } from './address.ts'
import { channelOf, watchCommits } from './commit-watch.ts'
import { openDatabase } from './database.ts'
import { deadLetterWork } from './dead-letter-work.ts'
import { eraser } from './erase.ts'
import { expirer } from './expire.ts'
import { explanationStore } from './explanations.ts'
import { recordFinder } from './find-record.ts'
import { lagSampleStore } from './lag-samples.ts'
import { migrate } from './migrate.ts'
import { accountReader } from './read-account.ts'
import { rollupReader } from './read-rollups.ts'
import { rowReader } from './read-rows.ts'
import { rebuildRows } from './rebuilds.ts'
import { redriveRows } from './redrives.ts'
import { rowSearcher } from './search.ts'
import { sweeper } from './sweep.ts'
import { writeBatch } from './write-batch.ts'

export interface PostgresStoreOptions {
  /** For readers: every write fails with STORE_READ_ONLY. The schema is brought up to date all the same. */
  readOnly: boolean
  /** Milliseconds since 1970. */
  clock: () => number
  /** How long a write waits for another's lock before STORE_BUSY. */
  busyMsMax: number
  /** Connections open at once, the one that listens not among them; 4 unless given. */
  connectionsMax?: number
  /** Takes the place of a TCP socket. */
  stream?: () => Duplex
  /** Rows that a sweep looks at in one transaction; tests look at few. */
  sweepRows?: number | undefined
}

/**
 * Opens the store at an address such as `postgres://user:password@host:port/database`; address.ts says what else it may
 * hold.
 *
 * @throws PipelineError STORE_URL_INVALID, STORE_UNAVAILABLE, STORE_NEWER, STORE_READ_ONLY, STORE_BUSY, STORE_FULL
 */
export async function openPostgresStore(url: string, options: PostgresStoreOptions): Promise<Store> {
  const address = storeAddress(url)
  const database = openDatabase(address, options)
  try {
    await migrate(database, address.schema)
  } catch (error) {
    await database.close()
    throw error
  }
  const { clock } = options
  const channel = channelOf(address.schema)
  const rows = rowReader(database)
  const account = accountReader(database)
  const explanations = explanationStore(database, channel)
  const lag = lagSampleStore(database, channel)
  const sweep = sweeper(database, { clock, channel, pageRows: options.sweepRows })
  const erase = eraser(database, { clock })
  const watch = watchCommits({ channel, open: database.client })
  return {
    writeBatch: (batch) => writeBatch(database, batch, { clock, channel }),
    events: rows.events,
    deadLetters: rows.deadLetters,
    search: { ...rowSearcher(database), record: recordFinder(database) },
    changesSince: rows.changesSince,
    head: rows.head,
    totals: account.totals,
    newestEvent: rows.newestEvent,
    arrivals: account.arrivals,
    rollups: rollupReader(database),
    accounts: account.accounts,
    explain: explanations.add,
    explanations: explanations.current,
    writeLagSamples: lag.write,
    lagSamples: lag.since,
    latestLagSamples: lag.latest,
    sweep: sweep.sweep,
    lastSweep: sweep.last,
    expire: expirer(database, { clock, eraseStep: erase.step }),
    eraseUser: erase.eraseUser,
    erasures: erase.erasures,
    redrives: { ...deadLetterWork(database, { clock }), ...redriveRows(database, { clock }) },
    abandonment: {
      ...abandonmentWriter(database, { clock, channel }),
      ...abandonmentReader(database),
      ...outbox(database),
      rebuild: abandonmentRebuild(database, { clock, channel }),
    },
    rebuilds: rebuildRows(database, { clock }),
    onCommit: watch.listen,
    async close() {
      await watch.stop()
      await database.close()
    },
  }
}
