// Makes a handler's TypeScript into one file that an execution environment can load.
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { type BuildFailure, type BuildResult, build, formatMessages } from 'esbuild'
import { PipelineError } from '../../functions/errors.ts'
import { root } from './bundle-entry.mjs'

export interface Bundle {
  /** Absolute path, named after its content: a running environment never sees its own code change. */
  file: string
  exportName: string
}

export interface BundleOutcome {
  /** The bundle, or why there is none: a PipelineError HANDLER_NOT_FOUND, or esbuild's words on the source. */
  result: Bundle | Error
  /** Absolute paths of the sources it was made from, as far as they were read; packages are not among them. */
  sources: string[]
}

const cacheFolder = join(root, 'node_modules/.cache/freshet')
/** Old bundles are removed after this; no running process is thought to be older. */
const keepForMs = 30 * 24 * 60 * 60 * 1000
const endings = ['.ts', '.mts', '.js', '.mjs']

/**
 * Bundles the handler in the way SST does, but leaves packages to be imported from node_modules. Our choice: it takes
 * 5 ms instead of 300 where kafkajs and zod are used, and native packages need no list.
 *
 * @param handler Lambda's notation: a path from the project's root (or an absolute one) without its ending, a dot, the export.
 * @param options.inspect puts the sources into the source map, so that a debugger needs no access to the disk.
 */
export async function bundleHandler(handler: string, options: { inspect?: boolean } = {}): Promise<BundleOutcome> {
  const dot = handler.lastIndexOf('.')
  const path = resolve(root, handler.slice(0, Math.max(dot, 0)))
  const exportName = handler.slice(dot + 1)
  const source = endings.map((ending) => path + ending).find((file) => existsSync(file))
  if (dot <= handler.lastIndexOf('/') || !source) {
    return { result: new PipelineError('HANDLER_NOT_FOUND', `${handler}: there is no file for it`), sources: [] }
  }
  try {
    const built = await build({
      absWorkingDir: root,
      entryPoints: [{ in: source, out: basename(dirname(path)) }],
      entryNames: '[name]-[hash]',
      outExtension: { '.js': '.mjs' },
      outdir: cacheFolder,
      write: false,
      metafile: true,
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      target: 'node20',
      loader: { '.sql': 'text' },
      sourcemap: options.inspect ? 'inline' : 'linked',
      // Node reads the whole map when it loads the file; without the sources it is a tenth.
      sourcesContent: options.inspect === true,
      logLevel: 'silent',
    })
    const sources = Object.keys(built.metafile.inputs).map((file) => resolve(root, file))
    return { result: await write(handler, exportName, built), sources }
  } catch (error) {
    return describeFailure(handler, source, error)
  }
}

type Built = BuildResult<{ metafile: true; write: false }>

async function write(handler: string, exportName: string, built: Built): Promise<Bundle | Error> {
  const exported = Object.values(built.metafile.outputs).flatMap((output) => output.exports)
  if (!exported.includes(exportName)) {
    const found = exported.length === 0 ? 'nothing' : exported.join(', ')
    return new PipelineError('HANDLER_NOT_FOUND', `${handler}: the file exports ${found}, but not ${exportName}`)
  }
  await mkdir(cacheFolder, { recursive: true })
  for (const output of built.outputFiles) {
    // Written aside and renamed, since another process may be about to load the very same file.
    const unfinished = `${output.path}.${randomUUID()}`
    await writeFile(unfinished, output.contents)
    await rename(unfinished, output.path)
  }
  const file = built.outputFiles.find((output) => output.path.endsWith('.mjs'))
  if (!file) throw new Error(`esbuild made no file of ${handler}`)
  return { file: file.path, exportName }
}

async function describeFailure(handler: string, source: string, error: unknown): Promise<BundleOutcome> {
  const { errors } = error as Partial<BuildFailure>
  if (!errors) return { result: error as Error, sources: [source] }
  const messages = await formatMessages(errors, { kind: 'error' })
  const places = errors.flatMap(({ location }) => (location ? [resolve(root, location.file)] : []))
  return {
    result: new Error(`${handler} cannot be bundled:\n${messages.join('').trim()}`),
    sources: [source, ...places],
  }
}

/** Removes bundles that nothing has made anew for a month. What cannot be removed stays. */
export async function removeOldBundles(nowMs: number): Promise<void> {
  const names = await readdir(cacheFolder).catch(() => [])
  for (const name of names) {
    const file = join(cacheFolder, name)
    const age = await stat(file).then(
      (found) => (found.isFile() ? nowMs - found.mtimeMs : 0),
      () => 0,
    )
    if (age > keepForMs) await rm(file, { force: true }).catch(() => {})
  }
}
