// What may stand in a Postgres address, and what is said of it.
import { expect, it } from 'vitest'
import { storeAddress } from './address.ts'

it('names the store without its password and without parameters, which may hold one too', () => {
  const { name, config } = storeAddress('postgresql://shop:se%40cret@db:5433/retail?password=secret')
  expect(name).toBe('postgres://shop@db:5433/retail')
  expect(config.connectionString).toBe('postgresql://shop:se%40cret@db:5433/retail?password=secret')
})

it('keeps all tables in a schema of their own, which the address may name', () => {
  expect(storeAddress('postgres://db/retail').schema).toBe('freshet')
  const { schema, config } = storeAddress('postgres://db/retail?schema=shop_2&sslmode=require')
  expect([schema, config.connectionString]).toEqual(['shop_2', 'postgres://db/retail?sslmode=require'])
})

it.each(['postgres://user:secret@[/db', 'postgres://db/retail?schema=a"b', 'postgres://db/retail?schema=Upper'])(
  'refuses %s without repeating it',
  (url) => {
    expect(() => storeAddress(url)).toThrow(/^STORE_URL_INVALID: (?!.*secret)/)
  },
)
