// Several processes write the same records into one database, and some are killed: each record still counts once.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { group } from '../../functions/store/testing/fixtures.ts'
import { freshUrl, storeAt } from './database.ts'

it('counts every record once when three processes write at the same time and are killed', async () => {
  const url = freshUrl()
  // The writers make the schema, all three at once.
  const writers = [1, 2, 3].map((seed) => startWriter(url, seed))
  try {
    const reader = await storeAt(url, { readOnly: true })
    for (const [index, writer] of writers.entries()) {
      await commits(reader.onCommit, 5)
      writer.kill('SIGKILL')
      await once(writer, 'exit')
      writers[index] = startWriter(url, 10 + index)
    }
    for (const writer of writers) expect(await exitCode(writer)).toBe(0)

    // Of each 4,000: 400 noise, 400 dead letters, 400 with an id that all three partitions share.
    expect(await reader.totals(group)).toEqual({ events: 3 * 2_800 + 400, deadLetters: 3 * 400 })
    expect(await reader.head(group)).toBe(3 * 2_800 + 400 + 3 * 400)
    for (const account of await reader.accounts()) {
      expect(account).toMatchObject({ epoch: 1, startOffset: 0, nextOffset: 4_000, rangesAbove: [] })
      expect(account).toMatchObject({ noise: 400, deadLetters: 400 })
    }
    const sweeper = await storeAt(url)
    await sweeper.sweep({ budgetMs: 60_000 })
    expect((await sweeper.lastSweep()).complaints).toEqual([])
  } finally {
    for (const writer of writers) writer.kill('SIGKILL')
  }
})

function startWriter(url: string, seed: number): ChildProcess {
  return spawn(process.execPath, ['local/run.mjs', 'test/chaos/store-writer.ts', url, String(seed)], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', 'inherit', 'inherit'],
  })
}

async function commits(onCommit: (listener: () => void) => () => void, count: number): Promise<void> {
  await new Promise<void>((resolve) => {
    let seen = 0
    const stop = onCommit(() => {
      if (++seen < count) return
      stop()
      resolve()
    })
  })
}

async function exitCode(writer: ChildProcess): Promise<number | null> {
  if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit')
  return writer.exitCode
}
