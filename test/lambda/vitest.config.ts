import { defineConfig } from 'vitest/config'

// The bundles that `sst deploy` would upload, run by the versions of Node that Lambda has; they come from npm.
export default defineConfig({
  test: {
    dir: 'test/lambda',
    include: ['**/*.test.ts'],
    globalSetup: 'test/postgres/server.ts',
    testTimeout: 300_000,
    hookTimeout: 300_000,
    fileParallelism: false,
  },
})
