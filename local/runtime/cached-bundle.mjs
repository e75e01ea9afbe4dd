// Bundles TypeScript with esbuild, and remembers: while no source has changed, neither esbuild nor a source is read.
//
// Packages are bundled too. Node reads one file then instead of the several hundred of kafkajs and zod, in each thread
// anew: that is most of what a start would cost.
import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's root folder; `FRESHET_ROOT` carries it into bundles, whose own location says nothing. */
export const root = process.env.FRESHET_ROOT ?? resolve(dirname(fileURLToPath(import.meta.url)), '../..')
process.env.FRESHET_ROOT = root

/** Bundles lie here, from where the packages that stay imports resolve. */
export const cacheFolder = join(root, 'node_modules/.cache/freshet')

/**
 * In an image: what was bundled when it was made is what runs. Sources never change there, times of files do when an
 * image is packed, and nothing can be written.
 */
export const bundlesAreKept = process.env.FRESHET_BUNDLES === 'kept'

/** What holds native code or finds files beside itself, and what is large and rarely loaded. */
const external = [
  'better-sqlite3',
  'snappy',
  'lz4-napi',
  '@node-rs/crc32',
  'esbuild',
  'playwright-core',
  '@aws-sdk/*',
  'aws-msk-iam-sasl-signer-js',
]

/** Packages in CommonJS call `require`, which a module of ours does not have by itself. */
const requireForPackages =
  "import { createRequire as freshetCreateRequire } from 'node:module';const require = freshetCreateRequire(import.meta.url);"

/**
 * @param {{ entry: string, inspect?: boolean }} options `entry` from the project's root, or absolute. `inspect` puts the
 *   sources into the source map, so that a debugger needs no access to the disk.
 * @returns {Promise<{ file: string, exports: string[], sources: string[] }>} the bundle, what it exports, and the
 *   project's own files in it; all absolute
 * @throws esbuild's BuildFailure
 */
export async function cachedBundle({ entry, inspect = false }) {
  const options = buildOptions(entry, inspect)
  const key = createHash('sha256').update(JSON.stringify(options)).digest('hex').slice(0, 16)
  const index = join(cacheFolder, `${key}.json`)
  return readIndex(index) ?? (await bundle(options, index))
}

/** All that decides what comes of the sources, and so what the result is remembered under. */
function buildOptions(entry, inspect) {
  return {
    absWorkingDir: root,
    entryPoints: [entry],
    entryNames: '[name]-[hash]',
    outExtension: { '.js': '.mjs' },
    outdir: cacheFolder,
    write: false,
    metafile: true,
    bundle: true,
    external,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: requireForPackages },
    loader: { '.sql': 'text' },
    sourcemap: inspect ? 'inline' : 'linked',
    // Node reads the whole map when it loads the file; without the sources it is a tenth.
    sourcesContent: inspect,
    logLevel: 'silent',
  }
}

function readIndex(index) {
  try {
    const { inputs, files, ...known } = JSON.parse(readFileSync(index, 'utf8'))
    if (bundlesAreKept) return known
    if (!inputs.every(([file, stamp]) => stampOf(file) === stamp)) return null
    // What is in use stays young: old bundles are removed by their age.
    const now = new Date()
    for (const file of [index, ...files]) utimesSync(file, now, now)
    return known
  } catch {
    return null
  }
}

function stampOf(file) {
  const { mtimeMs, size } = statSync(file)
  return `${mtimeMs} ${size}`
}

async function bundle(options, index) {
  const { build } = await import('esbuild')
  const startedAt = Date.now()
  const built = await build(options)
  const inputs = Object.keys(built.metafile.inputs).map((file) => resolve(root, file))
  const result = {
    file: built.outputFiles.find(({ path }) => path.endsWith('.mjs')).path,
    exports: Object.values(built.metafile.outputs).flatMap((output) => output.exports),
    sources: inputs.filter((file) => !/\/node_modules\/(?!\.cache\/)/.test(file)),
  }
  mkdirSync(cacheFolder, { recursive: true })
  for (const { path, contents } of built.outputFiles) writeWhole(path, contents)
  if (!inputs.some((file) => changedSince(startedAt, file))) {
    const files = built.outputFiles.map(({ path }) => path)
    writeWhole(index, JSON.stringify({ ...result, files, inputs: inputs.map((file) => [file, stampOf(file)]) }))
  }
  return result
}

/**
 * True when esbuild may have read what stood there before: then the result must not be remembered under the new stamp.
 * File systems tell the time a little late.
 */
function changedSince(ms, file) {
  return statSync(file).mtimeMs > ms - 20
}

/** Written aside and renamed, since another process may be about to load the very same file. */
function writeWhole(file, contents) {
  const unfinished = `${file}.${randomUUID()}`
  writeFileSync(unfinished, contents)
  renameSync(unfinished, file)
}
