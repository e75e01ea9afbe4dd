// Makes a handler's TypeScript into one file that an execution environment can load.
import { existsSync } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { BuildFailure } from 'esbuild'
import { PipelineError } from '../../functions/errors.ts'
import { bundlesAreKept, cachedBundle, cacheFolder, root } from './cached-bundle.mjs'

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

/** Old bundles are removed after this; no running process is thought to be older. */
const keepForMs = 30 * 24 * 60 * 60 * 1000
const endings = ['.ts', '.mts', '.js', '.mjs']

/**
 * Bundles the handler in the way SST does: one file, packages included but for native ones.
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
    const { file, exports, sources } = await cachedBundle({ entry: source, inspect: options.inspect === true })
    if (exports.includes(exportName)) return { result: { file, exportName }, sources }
    const found = exports.length === 0 ? 'nothing' : exports.join(', ')
    const text = `${handler}: the file exports ${found}, but not ${exportName}`
    return { result: new PipelineError('HANDLER_NOT_FOUND', text), sources }
  } catch (error) {
    return describeFailure(handler, source, error)
  }
}

async function describeFailure(handler: string, source: string, error: unknown): Promise<BundleOutcome> {
  const { errors } = error as Partial<BuildFailure>
  if (!errors) return { result: error as Error, sources: [source] }
  const { formatMessages } = await import('esbuild')
  const messages = await formatMessages(errors, { kind: 'error' })
  const places = errors.flatMap(({ location }) => (location ? [resolve(root, location.file)] : []))
  return {
    result: new Error(`${handler} cannot be bundled:\n${messages.join('').trim()}`),
    sources: [source, ...places],
  }
}

/** Removes bundles that no start has used for a month. What cannot be removed stays. */
export async function removeOldBundles(nowMs: number): Promise<void> {
  if (bundlesAreKept) return
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
