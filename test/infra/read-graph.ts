// The graph of one stage, and what it says of the pipeline.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../../local/runtime/bundle-entry.mjs'
import type { Deployed } from '../targets/deployed.ts'
import { withoutGroup } from '../targets/deployed.ts'
import type { Built } from './graph/build-handler.ts'

export interface Resource {
  type: string
  name: string
  /** SST's own, made of others. */
  component: boolean
  parent?: string
  protect: boolean
  retainOnDelete: boolean
  // biome-ignore lint/suspicious/noExplicitAny: each type of resource has its own arguments.
  inputs: Record<string, any>
}

export interface Graph {
  app: { name: string; stage: string; removal: string; protect: boolean; region: string }
  outputs: Record<string, unknown>
  builds: Built[]
  resources: Resource[]
}

/** Long for a busy machine: it takes 3 s on an idle one. */
const graphMsMax = 180_000

/** Runs sst.config.ts for a stage. Its errors come as one whose message holds them all. */
export async function readGraph(stage: string, environment: Record<string, string> = secrets): Promise<Graph> {
  const out = join(root, `.sst/graph.${stage}.json`)
  const run = promisify(execFile)
  await run(process.execPath, ['local/run.mjs', 'test/infra/graph/main.ts', '--stage', stage, '--out', out], {
    cwd: root,
    env: { PATH: process.env.PATH, ...environment },
    timeout: graphMsMax,
  })
  return JSON.parse(readFileSync(out, 'utf8'))
}

/** `sst secret set` would have made these. */
const secrets = { SST_SECRET_ApiToken: 'a-token-of-the-tests-own' }

export const ofType = (graph: Graph, type: string) => graph.resources.filter((resource) => resource.type === type)

export interface Statement {
  Action: string[]
  Resource: string[]
  Principal?: unknown
}

export function statementsOf(policy: unknown): Statement[] {
  return (typeof policy === 'string' ? JSON.parse(policy) : (policy as { Statement: Statement[] })).Statement
}

/** What a role may do by the policies that are our own. */
export function grantedBy(role: Resource): Statement[] {
  return (role.inputs.inlinePolicies ?? []).flatMap(({ policy }: { policy: unknown }) => statementsOf(policy))
}

const small = (name: string) => name.charAt(0).toLowerCase() + name.slice(1)

/** The function of the description that a component is. */
export const functionOf = (component: string) =>
  small(component).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** What the stage makes of the description, read from the resources alone. */
export function deployedBy(graph: Graph): Deployed {
  const functions = ofType(graph, 'aws:lambda/function:Function').filter(({ parent }) => built(graph, parent))
  const variables = functions.map(({ inputs }) => inputs.environment.variables)
  const byPhysicalName = new Map(functions.map(({ inputs, parent }) => [inputs.name, functionOf(parent ?? '')]))
  return {
    topics: JSON.parse(variables.find(({ TOPICS }) => TOPICS)?.TOPICS ?? '[]'),
    functions: Object.fromEntries(
      functions.map(({ parent = '', inputs }) => [
        functionOf(parent),
        { handler: built(graph, parent)?.handler ?? '', timeoutSeconds: inputs.timeout, memoryMB: inputs.memorySize },
      ]),
    ),
    mappings: Object.fromEntries(
      ofType(graph, 'aws:lambda/eventSourceMapping:EventSourceMapping').map(({ inputs }) => {
        const { functionName, eventSourceArn, amazonManagedKafkaEventSourceConfig, metricsConfig, ...settings } = inputs
        const group = amazonManagedKafkaEventSourceConfig.consumerGroupId
        return [group, { function: byPhysicalName.get(functionName) ?? '?', settings: bigLetters(settings) }]
      }),
    ),
    schedules: Object.fromEntries(
      ofType(graph, 'aws:scheduler/schedule:Schedule').map(({ parent = '', inputs }) => [
        functionOf(parent.replace(/Schedule$/, '')),
        inputs.scheduleExpression,
      ]),
    ),
    variables: withoutGroup(commonTo(variables)),
  }
}

const built = (graph: Graph, component?: string) => graph.builds.find(({ name }) => name === component)

/** The variables of the description that every function has with the same value. */
function commonTo(all: Record<string, string>[]): Record<string, string> {
  const stages = /^(SST_|METRICS_NAMESPACE$)/
  const [first = {}, ...rest] = all
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => !stages.test(name) && rest.every((other) => other[name] === value)),
  )
}

/** CreateEventSourceMapping's own letters again. */
function bigLetters(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bigLetters)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name === 'destinationArn' ? 'Destination' : name.charAt(0).toUpperCase() + name.slice(1),
      bigLetters(inner),
    ]),
  )
}
