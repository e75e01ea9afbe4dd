// Bundles a handler with the settings that the SST CLI gives esbuild for a deploy.
import { existsSync, mkdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type BuildFailure, build, type Loader } from 'esbuild'
import { root } from '../../../local/runtime/bundle-entry.mjs'

export interface BuildRequest {
  functionID: string
  handler: string
  runtime: string
  links?: Record<string, unknown>
  properties?: {
    minify?: boolean
    install?: Record<string, string>
    loader?: Record<string, Loader>
    esbuild?: { external?: string[] }
  }
}

export interface Built {
  /** The component's. */
  name: string
  handler: string
  runtime: string
  links: string[]
  /** The bundle, absolute. */
  file: string
  bytes: number
  /** Files of the project and of packages that are in it, from the project's root. */
  inputs: string[]
}

export interface BuildAnswer {
  handler: string
  out: string
  errors: string[]
  sourcemaps: string[]
}

/** As in https://github.com/anomalyco/sst/blob/dev/pkg/runtime/node/build.go. */
const namesOfCommonJs = [
  `import { createRequire as topLevelCreateRequire } from 'module';`,
  'const require = topLevelCreateRequire(import.meta.url);',
  `import { fileURLToPath as topLevelFileUrlToPath, URL as topLevelURL } from "url"`,
  'const __filename = topLevelFileUrlToPath(import.meta.url)',
  'const __dirname = topLevelFileUrlToPath(new topLevelURL(".", import.meta.url))',
].join('\n')

/** A file that is not there, an import that cannot be resolved and an export that is missing are errors, as in a deploy. */
export async function buildHandler(request: BuildRequest): Promise<{ built?: Built; answer: BuildAnswer }> {
  const { functionID: name, handler, runtime, properties = {} } = request
  const out = join(root, '.sst/bundles', name)
  const refuse = (error: string) => ({ answer: { handler: '', out, errors: [error], sourcemaps: [] } })
  const dot = handler.lastIndexOf('.')
  const entry = join(root, `${handler.slice(0, dot)}.ts`)
  if (!existsSync(entry)) return refuse(`${handler}: there is no file for it`)
  mkdirSync(out, { recursive: true })
  const file = join(out, 'bundle.mjs')
  try {
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: [entry],
      outfile: file,
      bundle: true,
      metafile: true,
      format: 'esm',
      platform: 'node',
      target: 'es2024',
      keepNames: true,
      minify: properties.minify ?? true,
      mainFields: ['module', 'main'],
      loader: properties.loader ?? {},
      external: [
        'sharp',
        'pg-native',
        ...Object.keys(properties.install ?? {}),
        ...(properties.esbuild?.external ?? []),
      ],
      banner: { js: namesOfCommonJs },
      logLevel: 'silent',
    })
    const [output] = Object.values(metafile.outputs)
    if (!output?.exports.includes(handler.slice(dot + 1))) {
      return refuse(`${relative(root, entry)} does not export ${handler.slice(dot + 1)}`)
    }
    const inputs = Object.keys(output.inputs).sort()
    const links = Object.keys(request.links ?? {}).sort()
    const answer = { handler: `bundle${handler.slice(dot)}`, out, errors: [], sourcemaps: [] }
    return { built: { name, handler, runtime, links, file, bytes: output.bytes, inputs }, answer }
  } catch (error) {
    const { errors = [{ text: String(error), location: null }] } = error as Partial<BuildFailure>
    return refuse(errors.map(({ text, location }) => `${text} (${location?.file}:${location?.line})`).join('\n'))
  }
}
