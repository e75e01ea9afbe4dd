// The secrets that containers make for themselves.
import { mkdtempSync, readFileSync, rmSync, statSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeSecrets } from './secrets.ts'

let folder: string
let own: string
let database: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'first-run-'))
  own = join(folder, 'own')
  database = join(folder, 'database')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Another text each time. */
const counting = () => {
  let count = 0
  return () => `secret-${++count}`
}
const read = (file: string) => readFileSync(join(folder, file), 'utf8')

it('are made once, and the token is told once', () => {
  const random = counting()
  const folders = { own, database, user: 'freshet' }
  expect(makeSecrets(folders, random)).toEqual({ token: 'secret-2' })
  expect(makeSecrets(folders, random)).toBeNull()
  expect([read('database/password'), read('own/pgpass'), read('own/api-token')]).toEqual([
    'secret-1',
    '*:*:*:freshet:secret-1\n',
    'secret-2',
  ])
})

it('can be read by their owner alone where the database need not read them', () => {
  makeSecrets({ own, database, user: 'freshet' }, counting())
  const modes = ['own/pgpass', 'own/api-token'].map((file) => statSync(join(folder, file)).mode & 0o777)
  expect(modes).toEqual([0o600, 0o600])
})

it('carries on what was interrupted with the password that the database has already', () => {
  const folders = { own, database, user: 'freshet' }
  makeSecrets(folders, counting())
  for (const file of ['pgpass', 'api-token']) unlinkSync(join(own, file))
  expect(makeSecrets(folders, () => 'another')).toEqual({ token: 'another' })
  expect(read('own/pgpass')).toBe('*:*:*:freshet:secret-1\n')
})
