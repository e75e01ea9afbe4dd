import { defineConfig } from 'vitest/config'

// What needs a browser: a real Chromium, on the real page, on the real local stack. `CHROMIUM` names another browser.
export default defineConfig({
  test: {
    dir: 'test/e2e',
    include: ['**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
})
