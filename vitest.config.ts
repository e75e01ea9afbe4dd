import { defineConfig } from 'vitest/config'

// Tests stand beside the files they speak of. What needs Chromium, Java or a Postgres server has a command of its own
// (test/e2e, test/fidelity), so that `npm test` needs Node and npm alone.
export default defineConfig({
  test: {
    include: ['{functions,infra,local,web}/**/*.test.ts', 'test/*.test.ts', 'test/chaos/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
  },
})
