// Bundles everything that `npm run local` and containers start, so that the first start is as quick as any other. Runs at
// install.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from '../infra/pipeline.ts'
import { bundleHandler } from './runtime/bundle.ts'
import { bundleEntry, root } from './runtime/bundle-entry.mjs'

const threads = readdirSync(join(root, 'local/threads')).filter((file) => !/^thread\.|\.test\./.test(file))
const commands = ['main', 'first-run/main', 'mapping/main', 'schedule/main', 'serve/main'].map(
  (name) => `local/${name}.ts`,
)
const entries = [...commands, 'local/runtime/environment.ts', ...threads.map((file) => `local/threads/${file}`)]

await Promise.all(entries.map(bundleEntry))
for (const { handler } of Object.values(pipeline.functions)) {
  const { result } = await bundleHandler(handler)
  if (result instanceof Error) throw result
}
