// The store on SQLite: one file, any number of processes and threads on it.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Database } from 'better-sqlite3'
import { PipelineError } from '../../errors.ts'
import type { Store } from '../store.ts'
import { abandonmentWriter } from './abandonment.ts'
import { abandonmentReader } from './abandonment-read.ts'
import { abandonmentRebuilder } from './abandonment-rebuild.ts'
import { checkpointer } from './checkpoint.ts'
import { watchCommits } from './commit-watch.ts'
import { connect } from './connection.ts'
import { deadLetterWork } from './dead-letter-work.ts'
import { eraser } from './erase.ts'
import { expirer } from './expire.ts'
import { explanationStore } from './explanations.ts'
import { storeFailure } from './failure.ts'
import { recordFinder } from './find-record.ts'
import { idsPerRun as defaultIdsPerRun, eventIds } from './ids.ts'
import { lagSampleStore } from './lag-samples.ts'
import { migrate } from './migrate.ts'
import { accountReader } from './read-account.ts'
import { rollupReader } from './read-rollups.ts'
import { rowReader } from './read-rows.ts'
import { rebuildRows } from './rebuilds.ts'
import { redriveRows } from './redrives.ts'
import { rowSearcher } from './search.ts'
import { sweeper } from './sweep.ts'
import { batchWriter } from './write-batch.ts'

export interface SqliteStoreOptions {
  /** For readers: every write fails with STORE_READ_ONLY. The schema is brought up to date all the same. */
  readOnly: boolean
  /** Milliseconds since 1970. */
  clock: () => number
  /** How long a write waits for another process's before STORE_BUSY. It blocks the thread meanwhile. */
  busyMsMax: number
  /** Whether a commit waits for the disk: `full` unless `normal`. */
  synchronous?: string
  /** The file may not grow beyond this many pages of 4 KiB (STORE_FULL); without a limit unless given. */
  pagesMax?: number
  /** How many recent ids are gathered before they are sealed; see ids.ts. Tests seal early. */
  idsPerRun?: number
  /** Rows that a sweep looks at in one transaction; tests look at few. */
  sweepRows?: number | undefined
}

/** KiB of pages kept by a writer, whose ids lie all over their index, and by a reader of recent rows. */
const cacheKiB = { writer: 64 * 1024, reader: 16 * 1024, watcher: 64 }

/**
 * Opens the store in `file`, an absolute path or ':memory:'.
 *
 * SQLite answers within the call, so a method's work is done on the calling thread before its promise exists; a thread
 * that must not wait for a batch opens a store of its own.
 *
 * @throws PipelineError STORE_BUSY, STORE_FULL, STORE_READ_ONLY, STORE_CORRUPT, STORE_NEWER, STORE_URL_INVALID
 */
export async function openSqliteStore(file: string, options: SqliteStoreOptions): Promise<Store> {
  const open: Database[] = []
  const connection = async (cache: number) => {
    const db = await connect(file, {
      busyMsMax: options.busyMsMax,
      cacheKiB: cache,
      synchronous: options.synchronous === 'normal' ? 'NORMAL' : 'FULL',
    })
    open.push(db)
    return db
  }
  try {
    const db = await connection(options.readOnly ? cacheKiB.reader : cacheKiB.writer)
    migrate(db, file)
    if (options.readOnly) db.pragma('query_only = ON')
    if (options.pagesMax) db.pragma(`max_page_count = ${options.pagesMax}`)
    // A memory store is seen by its own connection only, whose commits total_changes counts.
    const watched = file === ':memory:' ? null : await connection(cacheKiB.watcher)
    const version = (watched ?? db)
      .prepare<[], number>(watched ? 'PRAGMA data_version' : 'SELECT total_changes()')
      .pluck()
    return storeOn(db, { ...options, file, version: () => version.get() ?? 0, close: () => closeAll(open) })
  } catch (error) {
    closeAll(open)
    throw storeFailure(error, file)
  }
}

interface Parts extends SqliteStoreOptions {
  file: string
  version: () => number
  close: () => void
}

function storeOn(db: Database, parts: Parts): Store {
  const { file, clock, busyMsMax, idsPerRun = defaultIdsPerRun, sweepRows, version, close } = parts
  const ids = eventIds(db, { idsPerRun })
  const writeBatch = batchWriter(db, { clock, ids })
  const abandonment = abandonmentWriter(db, { clock, writeBatch })
  const abandonmentRows = abandonmentReader(db)
  const abandonmentRebuild = abandonmentRebuilder(db, { clock, ids })
  const rows = rowReader(db)
  const search = rowSearcher(db)
  const findRecord = recordFinder(db)
  const account = accountReader(db)
  const rollups = rollupReader(db)
  const explanations = explanationStore(db)
  const lag = lagSampleStore(db)
  const sweep = sweeper(db, { clock, pageRows: sweepRows })
  const expire = expirer(db, { clock })
  const erase = eraser(db, { clock })
  const work = deadLetterWork(db, { clock, ids })
  const redrives = redriveRows(db, { clock })
  const rebuilds = rebuildRows(db, { clock, ids })
  const watch = watchCommits(version)
  const checkpoint = checkpointer(db, { file, busyMsMax, clock })

  async function reading<Result>(read: () => Result): Promise<Result> {
    if (!db.open) throw new PipelineError('STORE_UNAVAILABLE', `${file} was closed`)
    try {
      return read()
    } catch (error) {
      throw storeFailure(error, file)
    }
  }

  /** The commit stands once `write` has returned; should the checkpoint fail, the next commit's sees to it. */
  async function writing<Result>(write: () => Result, committed: 'batch' | 'other' = 'other'): Promise<Result> {
    const result = await reading(write)
    try {
      checkpoint(committed)
    } catch {}
    return result
  }

  return {
    writeBatch: (batch) => writing(() => writeBatch(batch), 'batch'),
    events: (query) => reading(() => rows.events(query)),
    deadLetters: (query) => reading(() => rows.deadLetters(query)),
    search: {
      events: (query) => reading(() => search.events(query)),
      deadLetters: (query) => reading(() => search.deadLetters(query)),
      record: (place) => reading(() => findRecord(place)),
    },
    changesSince: (query) => reading(() => rows.changesSince(query)),
    head: (group) => reading(() => rows.head(group)),
    totals: (group) => reading(() => account.totals(group)),
    newestEvent: (group) => reading(() => rows.newestEvent(group)),
    arrivals: (query) => reading(() => account.arrivals(query)),
    rollups: (query) => reading(() => rollups(query)),
    accounts: (query) => reading(() => account.accounts(query)),
    explain: (found) => writing(() => explanations.add(found)),
    explanations: () => reading(() => explanations.current()),
    writeLagSamples: (samples) => writing(() => lag.write(samples)),
    lagSamples: (query) => reading(() => lag.since(query)),
    latestLagSamples: () => reading(() => lag.latest()),
    sweep: (query) => writing(() => sweep.sweep(query)),
    lastSweep: () => reading(() => sweep.last()),
    async expire(query) {
      const untilMs = performance.now() + query.budgetMs
      while ((await writing(() => erase.step())) && performance.now() < untilMs) await nextTurn()
      return writing(() => expire(query))
    },
    async eraseUser(query) {
      const id = await writing(() => erase.begin(query))
      while (await writing(() => erase.step())) await nextTurn()
      // The log still holds the pages as they were.
      await reading(() => checkpoint('erasure'))
      return reading(() => erase.one(id))
    },
    erasures: ({ limit }) => reading(() => erase.list(limit)),
    redrives: {
      groups: (query) => reading(() => work.groups(query)),
      one: (query) => reading(() => work.one(query)),
      select: (query) => reading(() => work.select(query)),
      compareIds: (query) => reading(() => work.compareIds(query)),
      discard: (query) => writing(() => work.discard(query)),
      begin: (redrive) => writing(() => redrives.begin(redrive)),
      find: (query) => reading(() => redrives.find(query)),
      list: (query) => reading(() => redrives.list(query)),
      cancel: (query) => writing(() => redrives.cancel(query)),
      take: (hold) => writing(() => redrives.take(hold)),
      issue: (query) => writing(() => redrives.issue(query)),
      acknowledge: (query) => writing(() => redrives.acknowledge(query)),
      release: (query) => writing(() => redrives.release(query)),
    },
    abandonment: {
      writeBatch: (batch, rules) => writing(() => abandonment.writeBatch(batch, rules), 'batch'),
      passTime: (query, rules) => writing(() => abandonment.passTime(query, rules)),
      unpublished: (query) => reading(() => abandonmentRows.unpublished(query)),
      markPublished: (query) => writing(() => abandonmentRows.markPublished(query)),
      overview: (group) => reading(() => abandonmentRows.overview(group)),
      incidents: (query) => reading(() => abandonmentRows.incidents(query)),
      offerSteps: (query) => reading(() => abandonmentRows.offerSteps(query)),
      forget: (query) => writing(() => abandonmentRows.forget(query)),
      rebuild: {
        begin: (query) => writing(() => abandonmentRebuild.begin(query)),
        add: (query, rules) => writing(() => abandonmentRebuild.add(query, rules)),
        cancel: (query) => writing(() => abandonmentRebuild.cancel(query)),
      },
    },
    rebuilds: {
      begin: (query) => writing(() => rebuilds.begin(query)),
      add: (query) => writing(() => rebuilds.add(query)),
      addRows: (query) => writing(() => rebuilds.addRows(query)),
      finish: (query) => writing(() => rebuilds.finish(query)),
      cancel: (query) => writing(() => rebuilds.cancel(query)),
    },
    onCommit: (listener) => watch.listen(listener),
    async close() {
      watch.stop()
      close()
    },
  }
}

function closeAll(databases: Database[]): void {
  for (const db of databases) db.close()
}
