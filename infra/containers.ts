// What containers run, for Compose and Kubernetes alike: one for each mapping, schedules, the simulated shop, the API.
import { pipelineEnvironment } from './environment.ts'
import { type FunctionDescription, pipeline } from './pipeline.ts'

export interface Container {
  name: string
  /** What it is, as a sentence. */
  about: string
  /** After the image's entry point. */
  command: string[]
  /** MB that it may hold at most. */
  memoryMB: number
  /** Longer than its longest invocation: it is let finish. */
  stopSeconds: number
  /** Where it answers whether it is ready and alive. */
  ready: string
  live: string
  /** Its own variables beside the description's. */
  variables: Record<string, string>
  /** How many share the work; more of them stand by. */
  replicas: number
}

export const healthPort = 8080
export const apiPort = 4000

/** Node itself, the bundles and the buffers of clients. */
const processMB = 192
const stopSlackSeconds = 15

const functions = pipeline.functions as Record<string, FunctionDescription>

function functionNamed(name: string): FunctionDescription {
  const found = functions[name]
  if (!found) throw new Error(`infra/pipeline.ts has no function ${name}`)
  return found
}

function topicNamed(name: string): { partitions: number } {
  const found = (pipeline.topics as Record<string, { partitions: number }>)[name]
  if (!found) throw new Error(`infra/pipeline.ts has no topic ${name}`)
  return found
}

const probed = { ready: `:${healthPort}/ready`, live: `:${healthPort}/live` }
const probes = ['--health', `0.0.0.0:${healthPort}`]

/** One for each mapping: it invokes the function with what it reads. */
export const mappingContainers: Container[] = pipeline.mappings.map(
  ({ name, function: invoked, consumerGroupId, settings }) => {
    const { memoryMB, timeoutSeconds } = functionNamed(invoked)
    const { partitions } = topicNamed(settings.Topics[0])
    return {
      name,
      about: `reads ${settings.Topics[0]} as ${consumerGroupId} and invokes ${invoked}`,
      command: ['local/mapping/main.ts', '--pipeline', name, '--data', '/tmp/freshet', ...probes],
      // One that is alone invokes the function for every partition at once.
      memoryMB: processMB + memoryMB * partitions,
      stopSeconds: timeoutSeconds + stopSlackSeconds,
      ...probed,
      variables: { CONSUMER_GROUP_ID: consumerGroupId },
      replicas: partitions,
    }
  },
)

/** The simulated shop is a container of its own, so that it can be closed. */
const shop = 'producer'

function scheduled(name: string, about: string, invoked: string[]): Container {
  const described = invoked.map(functionNamed)
  return {
    name,
    about,
    command: ['local/schedule/main.ts', ...invoked, ...probes],
    memoryMB: described.reduce((sum, { memoryMB }) => sum + memoryMB, processMB),
    stopSeconds: stopSlackSeconds,
    ...probed,
    variables: {},
    replicas: 1,
  }
}

const onSchedule = pipeline.schedules.map((schedule) => schedule.function)

export const scheduleContainers: Container[] = [
  scheduled('producer', 'the simulated shop', [shop]),
  scheduled(
    'schedules',
    `invokes ${onSchedule.filter((name) => name !== shop).join(', ')} on their schedules`,
    onSchedule.filter((name) => name !== shop),
  ),
]

export const dashboard: Container = {
  name: 'dashboard',
  about: 'the API and the page',
  command: [
    'local/serve/main.ts',
    '--host',
    '0.0.0.0',
    '--port',
    String(apiPort),
    '--token-file',
    '/secrets/own/api-token',
  ],
  memoryMB: processMB + functionNamed('api').memoryMB,
  stopSeconds: stopSlackSeconds,
  ready: `:${apiPort}/api/health`,
  live: `:${apiPort}/api/health`,
  variables: {},
  replicas: 1,
}

/** What a deploy runs before anything else is new. */
export const steps = Object.entries(functions).flatMap(([name, { atDeploy, memoryMB }]) =>
  atDeploy ? [{ name, command: ['local/schedule/main.ts', '--once', name], memoryMB: processMB + memoryMB }] : [],
)

export const running: Container[] = [...scheduleContainers, ...mappingContainers, dashboard]

/** The description's variables, but for the group, which each mapping has as its own. */
export function sharedVariables(): Record<string, string> {
  const { CONSUMER_GROUP_ID: _, ...variables } = pipelineEnvironment()
  return variables
}

/** Whom a process in a container is. */
export const userId = 10001
