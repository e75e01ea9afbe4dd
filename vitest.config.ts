import { defineConfig } from 'vitest/config'

// Tests stand beside the files they speak of. What needs Chromium, Java or a Postgres server has a command of its own
// (test/e2e, test/fidelity), so that `npm test` needs Node and npm alone.
export default defineConfig({
  // Migrations are imported as text, as esbuild's loader '.sql': 'text' gives them to bundles.
  plugins: [
    {
      name: 'sql-as-text',
      transform: (text, id) => (id.endsWith('.sql') ? `export default ${JSON.stringify(text)}` : undefined),
    },
  ],
  test: {
    include: ['{functions,infra,local,web}/**/*.test.ts', 'test/*.test.ts', 'test/chaos/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
})
