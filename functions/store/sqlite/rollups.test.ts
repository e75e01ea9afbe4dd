// Business figures are summed by the events' own minute, in whole cents, each event once.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { openStore } from '../open.ts'
import { event, group, startMs } from '../testing/fixtures.ts'

it('sums events by minute, type, region and amount, over batches and redeliveries, late ones in their own minute', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-rollups-'))
  const file = join(folder, 'store.db')
  const store = await openStore(`sqlite:${file}`)
  const minute = startMs / 60_000
  const batch = [
    event({ offset: 0 }, { event_id: 'a', amount: 0.1 }),
    event({ offset: 1 }, { event_id: 'b', amount: 0.2, event_ms: startMs + 59_999 }),
    event({ offset: 2 }, { event_id: 'c', amount: 200, event_ms: startMs + 60_000 }),
    event({ offset: 3 }, { event_id: 'd', amount: 60, event_ms: startMs, region: null, event_type: 'view' }),
    event({ offset: 4 }, { event_id: 'a', amount: 0.1 }),
  ]
  await store.writeBatch({ group, outcomes: batch })
  await store.writeBatch({ group, outcomes: batch })
  await store.writeBatch({ group, outcomes: [event({ offset: 5 }, { event_id: 'late', amount: 49.99 })] })
  await store.close()

  const db = new Database(file)
  const rows = db
    .prepare('SELECT minute, event_type, region, amount_bucket, events, amount_cents FROM event_minute')
    .raw()
  expect(rows.all()).toEqual([
    [minute, 'purchase', 'AU-NSW', 'low', 3, 10 + 20 + 4_999],
    [minute, 'view', '', 'mid', 1, 6_000],
    [minute + 1, 'purchase', 'AU-NSW', 'high', 1, 20_000],
  ])
  db.close()
  rmSync(folder, { recursive: true })
})
