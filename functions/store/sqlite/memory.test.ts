// A store in memory lives as long as it is open, and is as live as one in a file.
import { expect, it } from 'vitest'
import { openStore } from '../open.ts'
import { event, group } from '../testing/fixtures.ts'

it('tells its own commits', async () => {
  const store = await openStore('sqlite::memory:')
  const told = new Promise<void>((resolve) => store.onCommit(resolve))
  await store.writeBatch({ group, outcomes: [event({ offset: 0 }, { event_id: 'a' })] })
  await told
  expect(await store.totals(group)).toEqual({ events: 1, deadLetters: 0 })
  await store.close()
})
