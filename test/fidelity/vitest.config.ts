import { defineConfig } from 'vitest/config'

// The same client scripts against Apache Kafka and the embedded broker. Needs Java 17, Maven, Go, kcat, and Python with
// confluent-kafka (`PYTHON` names the interpreter); fetches Kafka's jars and the clients' packages at its first run.
export default defineConfig({
  test: {
    dir: 'test/fidelity',
    include: ['**/*.test.ts'],
    globalSetup: 'test/fidelity/setup.ts',
    testTimeout: 300_000,
    hookTimeout: 300_000,
    fileParallelism: false,
  },
})
