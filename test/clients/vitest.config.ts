import { defineConfig } from 'vitest/config'

// What needs other people's Kafka clients: kcat, and Python with confluent-kafka (`PYTHON` names the interpreter).
export default defineConfig({
  test: {
    dir: 'test/clients',
    include: ['**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
})
