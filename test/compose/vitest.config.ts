import { defineConfig } from 'vitest/config'

// docker-compose.yml and its image without an engine: every step and command runs here, with Kafka's jars and Postgres.
export default defineConfig({
  test: {
    dir: 'test/compose',
    include: ['**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    fileParallelism: false,
  },
})
