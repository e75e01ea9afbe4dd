// Bundles one of Freshet's own TypeScript entries (a command or a worker thread) to a file Node can run.
import { createHash } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** The project's root folder; `FRESHET_ROOT` carries it into bundles, whose own location says nothing. */
export const root = process.env.FRESHET_ROOT ?? resolve(dirname(fileURLToPath(import.meta.url)), '../..')
process.env.FRESHET_ROOT = root

/**
 * Bundles `entry` (a path from the project's root) and returns the absolute path of the result.
 *
 * Packages stay imports, so that native modules and single instances keep working; the result lies in
 * `node_modules/.cache`, from where they resolve. The file is named after its content: a running process never sees
 * its own code change, and two processes that start together write the same bytes.
 */
export async function bundleEntry(entry) {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    // Where the file will lie: the source map's paths are relative to it.
    outdir: 'node_modules/.cache/freshet',
    write: false,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    loader: { '.sql': 'text' },
    logLevel: 'error',
  })
  const code = result.outputFiles[0].contents
  const name = entry.replaceAll('/', '-').replace(/\.ts$/, '')
  const folder = join(root, 'node_modules/.cache/freshet')
  const file = join(folder, `${name}-${createHash('sha256').update(code).digest('hex').slice(0, 16)}.mjs`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${file}.${process.pid}`, code)
  renameSync(`${file}.${process.pid}`, file)
  return file
}
