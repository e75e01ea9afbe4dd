// Runs a TypeScript entry of this project: `node local/run.mjs local/main.ts [arguments]`.
//
// The entry is bundled with esbuild first. That takes about 0.1 s, is never stale, and gives worker threads plain
// JavaScript to start from, which loaders that hook into `import` do not.
import { pathToFileURL } from 'node:url'

// Inherited from another checkout's process, it would make this one run that one's sources.
delete process.env.FRESHET_ROOT
const { bundleEntry } = await import('./runtime/bundle-entry.mjs')

const entry = process.argv[2]
process.argv.splice(1, 2, entry)
process.setSourceMapsEnabled(true)
await import(pathToFileURL(await bundleEntry(entry)).href)
