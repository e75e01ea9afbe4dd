// The store's contract on a real server.
import { storeContract } from '../../functions/store/store.contract.ts'
import { connectionAt, freshUrl, schemaOf, storeAt } from './database.ts'

storeContract(async (options) => {
  const url = freshUrl()
  const store = await storeAt(url, options)
  const connection = await connectionAt(url)
  return {
    store,
    tamper: async (sql) => void (await connection.query(sql)),
    async close() {
      await store.close()
      await connection.query(`DROP SCHEMA ${schemaOf(url)} CASCADE`)
      await connection.end()
    },
  }
})
