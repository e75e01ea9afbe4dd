import { defineConfig } from 'vitest/config'

// Pages that walk through a change, followed to the letter in a copy of the project.
export default defineConfig({
  test: { include: ['test/docs/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000, maxWorkers: 1 },
})
