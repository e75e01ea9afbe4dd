import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openStore } from '../../functions/store/open.ts'
import { group } from '../../functions/store/testing/fixtures.ts'
import { commits, exitCode, startWriter } from './writer-process.ts'

it('counts every record once when three processes write at the same time and are killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-writers-'))
  const url = `sqlite:${join(folder, 'store.db')}`
  // The writers make the store, all three at once.
  const writers = [1, 2, 3].map((seed) => startWriter(url, seed))
  const reader = await openStore(url, { readOnly: true })
  try {
    for (const [index, writer] of writers.entries()) {
      await commits(reader.onCommit, 5)
      writer.kill('SIGKILL')
      await once(writer, 'exit')
      writers[index] = startWriter(url, 10 + index)
    }
    for (const writer of writers) expect(await exitCode(writer)).toBe(0)

    // Of each 4,000: 400 noise, 400 dead letters, 400 with an id that all three partitions share.
    expect(await reader.totals(group)).toEqual({ events: 3 * 2_800 + 400, deadLetters: 3 * 400 })
    for (const account of await reader.accounts()) {
      expect(account).toMatchObject({
        epoch: 1,
        startOffset: 0,
        nextOffset: 4_000,
        rangesAbove: [],
        noise: 400,
        deadLetters: 400,
      })
    }
    const sweeper = await openStore(url)
    await sweeper.sweep({ budgetMs: 60_000 })
    expect((await sweeper.lastSweep()).complaints).toEqual([])
    await sweeper.close()
  } finally {
    for (const writer of writers) writer.kill('SIGKILL')
    await reader.close()
    rmSync(folder, { recursive: true })
  }
})
