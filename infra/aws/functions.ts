// Every function of the description, with the role and the links that follow from what it uses.
import { pipelineEnvironment } from '../environment.ts'
import { type FunctionDescription, type MappingDescription, pipeline } from '../pipeline.ts'
import { bundling } from './bundling.ts'
import { kafka, makeTopics, pollTopic, readTopics, watchGroups, writeTopics } from './kafka.ts'
import { functionsGroup, vpc } from './network.ts'
import { router } from './router.ts'
import { token } from './secrets.ts'
import { stage } from './stage.ts'
import { store } from './store.ts'

const described = Object.entries(pipeline.functions) as [string, FunctionDescription][]
const topics = Object.keys(pipeline.topics)
const groups = pipeline.mappings.map((mapping) => mapping.consumerGroupId)

/** Where the functions' figures go, which alarms watch. */
export const metricsNamespace = `${$app.name}/${$app.stage}`

/** `consumer` becomes `Consumer`, as SST names components. */
export const componentName = (name: string) => name.replace(/(^|-)(\w)/g, (_, __, letter) => letter.toUpperCase())

const deployed = described.filter(([, { atDeploy }]) => atDeploy).map(([name, description]) => make(name, description))

// A function comes after the deploy's own step, so that no new code meets an old schema.
const steps = deployed.map(([name, made]) => {
  return new aws.lambda.Invocation(`${componentName(name)}Step`, {
    functionName: made.name,
    input: '{}',
    // Another bundle may hold another migration.
    triggers: { code: made.nodes.function.s3Key.apply((key) => key ?? '') },
  })
})

export const functions = Object.fromEntries([
  ...deployed,
  ...described.filter(([, { atDeploy }]) => !atDeploy).map(([name, description]) => make(name, description)),
])

/** @throws Error when the description speaks of a function that it does not hold */
export function functionNamed(name: string): sst.aws.Function {
  const found = functions[name]
  if (!found) throw new Error(`infra/pipeline.ts has no function ${name}`)
  return found
}

function make(name: string, description: FunctionDescription): [string, sst.aws.Function] {
  const { handler, timeoutSeconds, memoryMB, uses = {}, route } = description
  const mappings = pipeline.mappings.filter((mapping) => mapping.function === name)
  const speaksKafka = uses.publishes || uses.reads || uses.watches || uses.administers
  const made = new sst.aws.Function(
    componentName(name),
    {
      runtime: 'nodejs24.x',
      architecture: 'arm64',
      handler,
      timeout: `${timeoutSeconds} seconds`,
      memory: `${memoryMB} MB`,
      environment: {
        ...pipelineEnvironment(),
        ...groupOf(mappings),
        METRICS_NAMESPACE: metricsNamespace,
      },
      link: [...(speaksKafka ? [kafka] : []), ...(uses.store ? [store] : []), ...(route ? [token] : [])],
      permissions: permissionsOf(description, mappings),
      vpc: { privateSubnets: vpc.privateSubnets, securityGroups: [functionsGroup.id] },
      logging: { retention: stage.logRetention, format: 'json' },
      nodejs: bundling,
      ...(route && {
        url: { router: { instance: router, path: route }, cors: false },
        concurrency: { reserved: stage.apiConcurrencyMax },
      }),
    },
    { dependsOn: description.atDeploy ? [] : steps },
  )
  return [name, made]
}

/** A function that a mapping invokes works for that mapping's group. */
function groupOf(mappings: MappingDescription[]): Record<string, string> {
  const [mapping] = mappings
  return mapping ? { CONSUMER_GROUP_ID: mapping.consumerGroupId } : {}
}

function permissionsOf({ uses = {} }: FunctionDescription, mappings: MappingDescription[]) {
  return [
    ...(uses.publishes ? writeTopics(uses.publishes) : []),
    ...(uses.reads ? readTopics(uses.reads) : []),
    ...(uses.watches ? watchGroups(topics, groups) : []),
    ...(uses.administers ? makeTopics(topics) : []),
    ...mappings.flatMap(({ settings, consumerGroupId }) => [
      ...pollTopic(settings.Topics[0], consumerGroupId),
      ...destinationTopics(settings).flatMap((topic) => writeTopics([topic])),
    ]),
  ]
}

/** A mapping writes what it gives up with its function's role. */
function destinationTopics(settings: MappingDescription['settings']): string[] {
  const destination = (settings as { DestinationConfig?: { OnFailure?: { Destination?: string } } }).DestinationConfig
  const topic = /^kafka:\/\/(.+)$/.exec(destination?.OnFailure?.Destination ?? '')?.[1]
  return topic ? [topic] : []
}
