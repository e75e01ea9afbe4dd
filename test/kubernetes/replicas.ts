// Replicas of a Deployment as processes: its own arguments, and the variables that the manifests give it.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { type MappingProcess, startMappingProcess } from '../../local/mapping/testing/mapping-process.ts'
import { root } from '../../local/runtime/bundle-entry.mjs'
import { type Manifest, ofKind, readManifests } from '../targets/read-manifests.ts'

export interface Stage {
  bootstrap: string
  storeUrl: string
  /** For what each process keeps. */
  folder: string
}

interface Container {
  args: string[]
  env: { name: string; value?: string; valueFrom?: object }[]
}

const base = readManifests('base')

function containerOf(kind: string, name: string): Container {
  const found = ofKind(base, kind).find(({ metadata }: Manifest) => metadata.name === name)
  return found?.spec.template.spec.containers[0]
}

function environmentOf({ env }: Container, { bootstrap, storeUrl }: Stage): Record<string, string> {
  const own = env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]]))
  const [configuration] = ofKind(base, 'ConfigMap')
  return {
    ...configuration?.data,
    ...Object.fromEntries(own),
    KAFKA_BOOTSTRAP_SERVERS: bootstrap,
    STORE_URL: storeUrl,
  }
}

/** Runs a Job to its end. */
export async function runJob(name: string, stage: Stage): Promise<void> {
  const container = containerOf('Job', name)
  const env = { PATH: process.env.PATH, ...environmentOf(container, stage) }
  await new Promise<void>((done, fail) => {
    execFile(process.execPath, ['local/run.mjs', ...container.args], { cwd: root, env }, (error, _, err) =>
      error ? fail(new Error(err, { cause: error })) : done(),
    )
  })
}

export interface Replica extends MappingProcess {
  name: string
  /** The partitions that it reads; null while it is not ready. */
  partitions(): Promise<number | null>
}

/** Starts one more; `--health` and `--data` are the test's, for all replicas are on one machine. */
export async function startReplica(deployment: string, name: string, stage: Stage): Promise<Replica> {
  const container = containerOf('Deployment', deployment)
  const [, ...args] = container.args
  const given = withoutOption(withoutOption(args, '--health'), '--data')
  const started = await startMappingProcess([...given, '--data', join(stage.folder, name)], {
    eventsFile: join(stage.folder, `${name}.ndjson`),
    env: environmentOf(container, stage),
  })
  return {
    ...started,
    name,
    async partitions() {
      const { status, body } = await started.ask('/ready')
      return status === 200 ? body.partitions.length : null
    },
  }
}

function withoutOption(args: string[], option: string): string[] {
  const at = args.indexOf(option)
  return at < 0 ? args : [...args.slice(0, at), ...args.slice(at + 2)]
}
