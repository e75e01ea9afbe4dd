// What a broken world looks like from outside: a code, the store's name, what to do, and nothing half written.

import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, inject, it } from 'vitest'
import { openStore } from '../../functions/store/open.ts'
import { storeAddress } from '../../functions/store/postgres/address.ts'
import { openDatabase } from '../../functions/store/postgres/database.ts'
import { migrate } from '../../functions/store/postgres/migrate.ts'
import { event, group } from '../../functions/store/testing/fixtures.ts'
import { connectionAt, freshUrl, schemaOf, storeAt, waiting } from './database.ts'
import { startPassage } from './passage.ts'

const one = { group, outcomes: [event({ offset: 0 }, { event_id: 'a' })] }

const endAll = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'freshet'`

it('keeps nothing of a batch whose connection was ended before it could commit, and takes it again', async () => {
  const url = freshUrl()
  const store = await storeAt(url)
  const other = await connectionAt(url)
  await other.query('BEGIN; LOCK TABLE event_minute')
  const writing = store.writeBatch(one)
  const refused = expect(writing).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retriable: true })
  await waiting(other, 1)
  await other.query(endAll)
  await refused
  await other.query('COMMIT')
  expect([await store.accounts(), await store.head(group)]).toEqual([[], 0])
  expect(await store.writeBatch(one)).toMatchObject({ stored: 1 })
})

it('goes on after idle connections were ended', async () => {
  const url = freshUrl()
  const store = await storeAt(url)
  const other = await connectionAt(url)
  await store.writeBatch(one)
  await other.query(endAll)
  // The driver may notice with the next question only; that one is tried again by whoever asked.
  const again = await store.totals(group).catch(() => store.totals(group))
  expect(again).toEqual({ events: 1, deadLetters: 0 })
})

it('tells a listener again after its connection was lost, so that it misses nothing', async () => {
  const url = freshUrl()
  const [store, writer] = [await storeAt(url), await storeAt(url)]
  const other = await connectionAt(url)
  let tell = () => {}
  const told = () => new Promise<void>((resolve) => (tell = resolve))
  const first = told()
  const stop = store.onCommit(() => tell())
  await first
  const afterLoss = told()
  await other.query(endAll)
  await afterLoss
  const afterCommit = told()
  await writer.writeBatch(one).catch(() => writer.writeBatch(one))
  await afterCommit
  stop()
})

it('is told that a deadlock was ended, and writes the same batch then', async () => {
  const url = freshUrl()
  const store = await storeAt(url)
  await store.writeBatch({ group, outcomes: [event({ offset: 1 }, { event_id: 'before' })] })
  const other = await connectionAt(url)
  // The other waits for its own check of deadlocks for so long that the store's comes first.
  await other.query(`SET deadlock_timeout = '1h'; BEGIN; UPDATE account SET noise = noise`)
  const writing = store.writeBatch(one)
  const refused = expect(writing).rejects.toMatchObject({ code: 'STORE_BUSY', retriable: true })
  await waiting(other, 1)
  await other.query('UPDATE consumer_group SET seq = seq')
  await refused
  await other.query('ROLLBACK')
  expect(await store.writeBatch(one)).toMatchObject({ stored: 1 })
})

it('refuses to write where it was opened for reading, and makes the schema all the same', async () => {
  const reader = await storeAt(freshUrl(), { readOnly: true })
  expect(await reader.totals(group)).toEqual({ events: 0, deadLetters: 0 })
  await expect(reader.writeBatch(one)).rejects.toMatchObject({ code: 'STORE_READ_ONLY' })
})

it('refuses a store of a newer version, a schema of another program, and an encoding that loses characters', async () => {
  const url = freshUrl()
  await (await openStore(url)).close()
  const other = await connectionAt(url)
  await other.query('UPDATE schema_version SET version = 99, usable_from = 99')
  await expect(openStore(url)).rejects.toMatchObject({ code: 'STORE_NEWER', retriable: false })

  const foreign = freshUrl()
  await other.query(`CREATE SCHEMA ${schemaOf(foreign)}; CREATE TABLE ${schemaOf(foreign)}.photos (id int)`)
  await expect(openStore(foreign)).rejects.toMatchObject({ code: 'STORE_URL_INVALID' })

  await other.query(`CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`)
  await expect(openStore(inject('postgresUrl').replace(/postgres$/, 'ascii'))).rejects.toMatchObject({
    code: 'STORE_URL_INVALID',
    hint: expect.stringContaining('createdb -E UTF8'),
  })
})

it('goes on with a schema that a newer release has expanded, and leaves it as it is', async () => {
  const url = freshUrl()
  await (await openStore(url)).close()
  const other = await connectionAt(url)
  await other.query('ALTER TABLE event ADD COLUMN later text; UPDATE schema_version SET version = 99')
  const store = await storeAt(url)
  expect(await store.writeBatch(one)).toMatchObject({ stored: 1 })
  expect(await store.events({ group, limit: 1 })).toMatchObject([{ event_id: 'a' }])
  const { rows } = await other.query('SELECT version FROM schema_version')
  expect(rows).toEqual([{ version: 99 }])
})

it('leaves a schema as it was where a migration fails half way', async () => {
  const url = freshUrl()
  const address = storeAddress(url)
  const database = openDatabase(address, { readOnly: false, busyMsMax: 1_000 })
  const steps = ['CREATE TABLE first (id int)', 'CREATE TABLE second (id int); SELECT nonsense']
  await expect(migrate(database, address.schema, steps)).rejects.toThrow('nonsense')
  const other = await connectionAt(url)
  const { rows } = await other.query(`SELECT to_regnamespace('${address.schema}') AS schema`)
  expect(rows).toEqual([{ schema: null }])
  await migrate(database, address.schema, steps.slice(0, 1))
  await database.close()
})

it('opens one new schema from many sides at once', async () => {
  const url = freshUrl()
  const stores = await Promise.all(Array.from({ length: 5 }, () => storeAt(url)))
  expect(await Promise.all(stores.map((store) => store.head(group)))).toEqual([0, 0, 0, 0, 0])
})

it('says that nobody answers, that a database or a user is unknown, and never repeats the password', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  const nobody = openStore(`postgres://user:secret@127.0.0.1:${port}/db`)
  await expect(nobody).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retriable: true })
  await expect(nobody).rejects.toThrow(`postgres://user@127.0.0.1:${port}/db does not answer (ECONNREFUSED)`)
  await expect(nobody).rejects.not.toThrow('secret')

  const known = inject('postgresUrl')
  await expect(openStore(known.replace(/postgres$/, 'nowhere'))).rejects.toMatchObject({ code: 'STORE_URL_INVALID' })
  await expect(openStore(known.replace('freshet@', 'stranger:secret@'))).rejects.toMatchObject({
    code: 'STORE_URL_INVALID',
    hint: 'Check user and password of the address.',
  })
  await expect(openStore('postgres://user:secret@[/db')).rejects.not.toThrow('secret')
})

it('says that the server has no room, keeps nothing of the batch, and takes it when there is some again', async () => {
  const url = freshUrl()
  const store = await storeAt(url)
  const other = await connectionAt(url)
  // 53100 by a trigger's hand: a disk cannot be filled for one test alone.
  await other.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON event_minute EXECUTE FUNCTION refuse()`)
  await expect(store.writeBatch(one)).rejects.toMatchObject({ code: 'STORE_FULL', retriable: true })
  expect(await store.head(group)).toBe(0)
  await other.query('DROP TRIGGER full_disk ON event_minute')
  expect(await store.writeBatch(one)).toMatchObject({ stored: 1 })
})

it('notices a server that is gone without a word long before a statement would be ended, and goes on when it is back', async () => {
  const { hostname, port } = new URL(inject('postgresUrl'))
  const between = await startPassage({ hostname, port: Number(port) })
  const url = freshUrl().replace(`${hostname}:${port}`, `127.0.0.1:${between.port}`)
  const store = await storeAt(url)
  expect(await store.writeBatch(one)).toMatchObject({ stored: 1 })
  between.hold()
  const two = { group, outcomes: [event({ offset: 1 }, { event_id: 'b' })] }
  const asked = await Promise.allSettled([store.writeBatch(two), store.totals(group)])
  const refused = { status: 'rejected', reason: { code: 'STORE_UNAVAILABLE', retriable: true } }
  expect(asked).toMatchObject([refused, refused])
  between.letGo()
  expect(await store.writeBatch(two)).toMatchObject({ stored: 1 })
  between.close()
}, 25_000)

it('leaves a statement alone that takes its time', async () => {
  const url = freshUrl()
  const store = await storeAt(url, { busyMsMax: 20_000 })
  const other = await connectionAt(url)
  await other.query('BEGIN; LOCK TABLE event_minute')
  const writing = store.writeBatch(one)
  await waiting(other, 1)
  // Longer than it takes to doubt and to ask.
  await other.query('SELECT pg_sleep(5)')
  await other.query('COMMIT')
  expect(await writing).toMatchObject({ stored: 1 })
})

it('answers a caller who comes after it was closed', async () => {
  const store = await openStore(freshUrl())
  await store.close()
  await expect(store.accounts()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
})

it('shares a small server: no store holds more than its few connections', async () => {
  const url = freshUrl()
  const store = await storeAt(url)
  const other = await connectionAt(url)
  await Promise.all(Array.from({ length: 50 }, () => store.accounts()))
  const { rows } = await other.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'freshet'`,
  )
  expect(rows[0]?.count).toBeLessThanOrEqual(4)
})
