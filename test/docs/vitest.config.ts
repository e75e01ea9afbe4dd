import { defineConfig } from 'vitest/config'
import unit from '../../vitest.config.ts'

// What pages claim, in a copy of the project: changes that they walk through, followed to the letter, and consumers that
// are made to fail beside each other.
export default defineConfig({
  plugins: unit.plugins ?? [],
  test: { include: ['test/docs/*.test.ts'], testTimeout: 300_000, hookTimeout: 300_000, maxWorkers: 1 },
})
