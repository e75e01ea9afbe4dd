// To begin anew takes the store's own schema away, and nothing else.
import { expect, it } from 'vitest'
import { clearStore } from '../../functions/store/clear.ts'
import { openStore } from '../../functions/store/open.ts'
import { event, group } from '../../functions/store/testing/fixtures.ts'
import { connectionAt, freshUrl, schemaOf } from './database.ts'

it('empties a store, so that the next one begins anew', async () => {
  const url = freshUrl()
  const store = await openStore(url)
  await store.writeBatch({ group, outcomes: [event({ offset: 0 }, { event_id: 'a' })] })
  await store.close()
  await clearStore(url)
  await clearStore(url)
  const again = await openStore(url)
  expect(await again.totals(group)).toEqual({ events: 0, deadLetters: 0 })
  await again.close()
  await clearStore(url)
})

it("leaves another program's schema as it is", async () => {
  const url = freshUrl()
  const connection = await connectionAt(url)
  await connection.query(`CREATE SCHEMA ${schemaOf(url)}; CREATE TABLE ${schemaOf(url)}.theirs ()`)
  await expect(clearStore(url)).rejects.toMatchObject({ code: 'STORE_URL_INVALID' })
  await connection.query(`SELECT FROM ${schemaOf(url)}.theirs; DROP SCHEMA ${schemaOf(url)} CASCADE`)
})
