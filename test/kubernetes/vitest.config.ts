import { defineConfig } from 'vitest/config'
import unit from '../../vitest.config.ts'

// The manifests without a cluster: against Kubernetes' own schemas, and their replicas as processes of this machine.
export default defineConfig({
  plugins: unit.plugins ?? [],
  test: {
    dir: 'test/kubernetes',
    include: ['**/*.test.ts'],
    globalSetup: 'test/postgres/server.ts',
    testTimeout: 600_000,
    hookTimeout: 300_000,
    fileParallelism: false,
  },
})
