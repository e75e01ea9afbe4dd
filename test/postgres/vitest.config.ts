import { defineConfig } from 'vitest/config'
import unit from '../../vitest.config.ts'

// What needs a real Postgres server: several connections at once, and connections that are lost.
export default defineConfig({
  plugins: unit.plugins ?? [],
  test: {
    dir: 'test/postgres',
    include: ['**/*.test.ts'],
    globalSetup: 'test/postgres/server.ts',
    testTimeout: 120_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
})
