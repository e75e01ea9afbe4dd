// An id counts once, whichever process stored it, whether it is recent or sealed, and whatever was rolled back.
import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { hashOf, IdFilter } from './id-filter.ts'
import { eventIds } from './ids.ts'
import { migrate } from './migrate.ts'

const idsPerRun = 5
const contentOf = (text: string) => createHash('sha256').update(text).digest()

let folder: string
let count = 0
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'freshet-ids-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function open(file: string) {
  const db = new Database(file)
  db.pragma('journal_mode = WAL')
  // Nothing here is about power cuts, and waiting for the disk is most of the time.
  db.pragma('synchronous = OFF')
  migrate(db, file)
  const ids = eventIds(db, { idsPerRun })
  return {
    /** Claims ids in one transaction, for good or to roll back. */
    claim(claims: { id: string; content: string }[], commit: boolean) {
      db.exec('BEGIN IMMEDIATE')
      ids.begin()
      const answers = claims.map(({ id, content }) => ids.claim(1, id, contentOf(content)))
      ids.end([])
      db.exec(commit ? 'COMMIT' : 'ROLLBACK')
      return answers
    },
    close: () => db.close(),
  }
}

it('agrees with a plain map when two processes claim and roll back in turns', () => {
  const step = fc.record({
    process: fc.nat(1),
    commit: fc.boolean(),
    claims: fc.array(fc.record({ id: fc.nat(60).map(String), content: fc.constantFrom('x', 'y') }), { maxLength: 12 }),
  })
  const property = fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
    const file = join(folder, `${count++}.db`)
    const processes = [open(file), open(file)] as const
    let known = new Map<string, string>()
    for (const { process, commit, claims } of steps) {
      const next = new Map(known)
      const expected = claims.map(({ id, content }) => {
        if (!next.has(id)) {
          next.set(id, content)
          return 'new'
        }
        return next.get(id) === content ? 'same' : 'other'
      })
      expect((processes[process] ?? processes[0]).claim(claims, commit)).toEqual(expected)
      if (commit) known = next
    }
    const restarted = open(file)
    const all = [...known].map(([id, content]) => ({ id, content }))
    expect(restarted.claim(all, true)).toEqual(all.map(() => 'same'))
    for (const process of [...processes, restarted]) process.close()
  })
  fc.assert(property, { numRuns: 60 })
})

it('finds every id of hundreds of runs, and rarely asks a run in vain', () => {
  const filter = new IdFilter(100)
  const stored: (Uint8Array | null)[] = []
  const kinds = [
    () => randomUUID(),
    (index: number) => `order-${index}`,
    (index: number) => `${index}`.padStart(20, '0'),
  ]
  const ids = Array.from({ length: 300 }, (_, run) =>
    Array.from({ length: 100 }, (_, index) => (kinds[run % 3] as (index: number) => string)(run * 100 + index)),
  )
  for (const [run, members] of ids.entries()) {
    stored[run >>> 5] = filter.add(
      stored[run >>> 5] ?? null,
      run,
      members.map((id) => hashOf(1, id)),
    )
  }
  for (const [word, bits] of stored.entries()) filter.load(word, bits as Uint8Array)
  const missed = ids.flatMap((members, run) => members.filter((id) => !filter.candidates(hashOf(1, id)).includes(run)))
  expect(missed).toEqual([])
  const strangers = Array.from({ length: 3_000 }, (_, index) =>
    (kinds[index % 3] as (index: number) => string)(1e6 + index),
  )
  const asked = strangers.reduce((sum, id) => sum + filter.candidates(hashOf(1, id)).length, 0)
  expect(asked / strangers.length / 300).toBeLessThan(1 / 1_000)
})
