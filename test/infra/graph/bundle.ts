// Bundles sst.config.ts as the SST CLI does: its globals are imported into every file of ours, packages stay outside.
import { readFileSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Loader, type Plugin } from 'esbuild'
import { root } from '../../../local/runtime/bundle-entry.mjs'
import { platform } from './platform.ts'

const external = [
  '@pulumi/*',
  '@pulumiverse/*',
  '@sst-provider/*',
  '@aws-sdk/*',
  'archiver',
  'esbuild',
  'glob',
  'undici',
  'vite',
]

/** The names of CommonJS that SST's source expects. */
const namesOfCommonJs = `
import * as cjsModule from 'node:module';
import * as cjsUrl from 'node:url';
const require = cjsModule.createRequire(import.meta.url);
const __filename = cjsUrl.fileURLToPath(import.meta.url);
const __dirname = cjsUrl.fileURLToPath(new URL('.', import.meta.url));
`

/** Answers the address of a module whose default export is what `app()` answers. */
export function bundleApp(workspace: string, stage: string): Promise<string> {
  return bundle({
    file: join(workspace, 'app.mjs'),
    code: `import mod from './sst.config.ts'; export default await mod.app({ stage: ${JSON.stringify(stage)} })`,
    banner: 'function $config(input) { return input }',
    globals: '',
  })
}

/** Answers the address of a module whose default export runs `run()` with SST's components. */
export function bundleProgram(workspace: string, app: { name: string; stage: string }): Promise<string> {
  const providers = JSON.parse(readFileSync(join(root, '.sst/provider-lock.json'), 'utf8')) as Provider[]
  const paths = { home: join(root, '.sst/home'), root, work: join(root, '.sst'), platform }
  return bundle({
    file: join(workspace, 'run.mjs'),
    code: `
      import { run } from '${platform}/src/auto/run.ts'
      import mod from './sst.config.ts'
      export default () => run(mod.run)`,
    inject: [join(platform, 'src/shim/run.js')],
    globals: [
      ...providers.map(({ alias, package: name }) => `import * as ${alias} from '${name}';`),
      `import * as sst from '${platform}/src/components';`,
    ].join(' '),
    define: {
      $app: JSON.stringify(app),
      $dev: 'false',
      $cli: JSON.stringify({ command: 'deploy', dev: false, paths, state: { version: {} } }),
    },
  })
}

interface Provider {
  alias: string
  package: string
}

interface Bundle {
  file: string
  code: string
  /** Imports for every file of ours. */
  globals: string
  banner?: string
  define?: Record<string, string>
  inject?: string[]
}

async function bundle({ file, code, globals, banner = '', define = {}, inject = [] }: Bundle): Promise<string> {
  await build({
    stdin: { contents: code, resolveDir: root, sourcefile: 'entry.ts', loader: 'ts' },
    outfile: file,
    bundle: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    nodePaths: [join(platform, 'node_modules')],
    external,
    banner: { js: namesOfCommonJs + banner },
    define,
    inject,
    logLevel: 'error',
    plugins: [withGlobals(globals)],
  })
  return pathToFileURL(file).href
}

function withGlobals(globals: string): Plugin {
  return {
    name: 'globals',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /.*/ }, ({ importer, kind }) =>
        kind === 'import-statement' && globals === '' && basename(importer) === 'sst.config.ts'
          ? { errors: [{ text: 'sst.config.ts has an import at its top, which the SST CLI refuses' }] }
          : undefined,
      )
      onLoad({ filter: /\.[jt]s$/ }, ({ path }) => {
        if (path.startsWith(join(root, '.sst')) || path.includes('node_modules')) return undefined
        return { contents: `${globals}\n${readFileSync(path, 'utf8')}`, loader: extname(path).slice(1) as Loader }
      })
    },
  }
}
