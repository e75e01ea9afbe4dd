import { defineConfig } from 'vitest/config'

// What the pipeline asks of AWS, with SST's own components and types: no account, no engine, npm alone.
export default defineConfig({
  test: {
    dir: 'test/infra',
    include: ['**/*.test.ts'],
    globalSetup: 'test/infra/install.ts',
    testTimeout: 300_000,
    hookTimeout: 300_000,
    fileParallelism: false,
  },
})
