// Runs sst.config.ts with SST's real components under Pulumi's mocks, and writes every resource it would make as JSON.
//
//   node local/run.mjs test/infra/graph/main.ts --stage NAME --out FILE
//
// No AWS account, no Pulumi engine and no network: the only server is a stand-in for the SST CLI. What the mocks answer
// is ours, so this says what we ask of AWS and not what AWS makes of it.
import crypto from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '../../../local/runtime/bundle-entry.mjs'
import { answersOf, stateOf } from './answers.ts'
import { bundleApp, bundleProgram } from './bundle.ts'
import { startCommandLine } from './command-line.ts'
import { plainOf } from './plain.ts'
import { platform, requireFromPlatform } from './platform.ts'

interface App {
  name: string
  removal?: string
  protect?: boolean
  providers: { aws: { region: string } }
}

interface Registered {
  type: string
  name: string
  component: boolean
  inputs: Record<string, unknown>
}

/** After an output was rejected the program waits for ever; the others get this long. */
const graceMs = 250

const { values } = parseArgs({ options: { stage: { type: 'string' }, out: { type: 'string' } } })
const { stage = 'test', out = join(root, '.sst/graph.json') } = values
const workspace = join(platform, `graph-${process.pid}`)
mkdirSync(workspace, { recursive: true })
process.on('exit', () => rmSync(workspace, { recursive: true, force: true }))
// SST ends physical names with random bytes: the same ones each time make two runs comparable.
crypto.randomBytes = ((size: number) => Buffer.alloc(size, 7)) as typeof crypto.randomBytes

const pulumi = requireFromPlatform('@pulumi/pulumi')
const plain = plainOf(pulumi)
const commandLine = await startCommandLine()
process.env.SST_SERVER = commandLine.url

const described = ((await import(await bundleApp(workspace, stage))) as { default: App }).default
const app: App & { stage: string } = { removal: 'retain', ...described, stage }
const { region } = app.providers.aws
process.env.SST_AWS_REGION = region

const resources: Registered[] = []
const optionsOf = new Map<string, { parent?: { __name?: string }; protect?: boolean; retainOnDelete?: boolean }>()
const errors: unknown[] = []
const failed = new Promise<void>((done) => {
  process.on('unhandledRejection', (error) => {
    errors.push(error)
    setTimeout(done, graceMs)
  })
})
await mockEverything()
const outputs = await Promise.race([run().catch((error) => void errors.push(error)), failed])
commandLine.close()
writeGraph(plain(outputs ?? {}))
for (const error of errors) console.error(error)
process.exit(errors.length > 0 ? 1 : 0)

async function mockEverything(): Promise<void> {
  const answers = answersOf(region)
  await pulumi.runtime.setMocks(
    {
      newResource(asked: { type: string; name: string; custom?: boolean; id?: string; inputs: object }) {
        const { type, name, id } = asked
        const inputs = plain(asked.inputs ?? {}) as Record<string, unknown>
        // The build of the site is triggered by the moment, which would make each run another.
        if (type === 'command:local:Command') delete inputs.triggers
        resources.push({ type, name, component: asked.custom === false, inputs })
        const arn = `arn:aws:${type.split(/[:/]/)[1]}:${region}:123456789012:${name}`
        const state = { name, region, arn, ...asked.inputs, ...stateOf({ type, name, inputs, region }) }
        return { id: id || `${name}-id`, state }
      },
      call: ({ token, inputs }: { token: string; inputs: Record<string, unknown> }) => ({
        id: 'mock',
        ...inputs,
        ...answers[token]?.(inputs),
      }),
    },
    app.name,
    app.stage,
    false,
  )
}

/** Answers the outputs, once every resource under way is registered. */
async function run(): Promise<unknown> {
  const { default: program } = (await import(await bundleProgram(workspace, app))) as { default: () => unknown }
  const outputs = await pulumi.runtime.runInPulumiStack(() => {
    pulumi.runtime.registerStackTransformation(({ type, name, opts }: { type: string; name: string; opts: object }) => {
      optionsOf.set(`${type} ${name}`, opts)
    })
    return program()
  })
  await pulumi.runtime.disconnect()
  return outputs
}

function writeGraph(outputs: unknown): void {
  const described = resources
    .filter(({ type }) => type !== 'pulumi:pulumi:Stack')
    .map((resource) => {
      const {
        parent,
        protect = false,
        retainOnDelete = false,
      } = optionsOf.get(`${resource.type} ${resource.name}`) ?? {}
      return { ...resource, parent: parent?.__name, protect, retainOnDelete }
    })
    .sort((a, b) => a.type.localeCompare(b.type) || a.name.localeCompare(b.name))
  const { name, removal, protect = false } = app
  const graph = {
    app: { name, stage, removal, protect, region },
    outputs,
    builds: commandLine.builds.sort((a, b) => a.name.localeCompare(b.name)),
    resources: described,
  }
  mkdirSync(dirname(resolve(out)), { recursive: true })
  writeFileSync(out, `${JSON.stringify(graph, null, 2)}\n`)
}
