// What every target must make of `infra/pipeline.ts`, in one shape, so that none of them can differ by accident.
import { isDeepStrictEqual } from 'node:util'
import { pipelineEnvironment } from '../../infra/environment.ts'
import { type FunctionDescription, pipeline } from '../../infra/pipeline.ts'

export interface Deployed {
  /** The JSON of the variable TOPICS, from which `migrate` makes them. */
  topics: unknown
  /** By group. */
  mappings: Record<string, { function: string; settings: unknown }>
  /** By function. */
  functions: Record<string, { handler: string; timeoutSeconds: number; memoryMB: number }>
  /** Periods of schedules by function, as EventBridge Scheduler notes them. */
  schedules: Record<string, string>
  /** What functions find in their environment, but for addresses and their own group. */
  variables: Record<string, string>
}

type Pipeline = typeof pipeline

/** What the description asks for. */
export function describedBy({ functions, mappings, schedules, topics }: Pipeline = pipeline): Deployed {
  return {
    topics: Object.entries(topics).map(([name, topic]) => ({ name, ...topic })),
    mappings: Object.fromEntries(
      mappings.map(({ consumerGroupId, function: name, settings }) => [consumerGroupId, { function: name, settings }]),
    ),
    functions: Object.fromEntries(
      (Object.entries(functions) as [string, FunctionDescription][]).map(
        ([name, { handler, timeoutSeconds, memoryMB }]) => [name, { handler, timeoutSeconds, memoryMB }],
      ),
    ),
    schedules: Object.fromEntries(schedules.map(({ function: name, rate }) => [name, rate])),
    variables: withoutGroup(pipelineEnvironment()),
  }
}

/** Each function has its own group. */
export function withoutGroup({ CONSUMER_GROUP_ID: _, ...variables }: Record<string, string>): Record<string, string> {
  return variables
}

/** One sentence for each value that a target has otherwise; of what a target leaves out on purpose, nothing. */
export function differences(found: Partial<Deployed>, asked: Deployed): string[] {
  return Object.entries(found).flatMap(([part, value]) => {
    const expected = asked[part as keyof Deployed] as object
    const names = new Set([...Object.keys(value ?? {}), ...Object.keys(expected)])
    return [...names].flatMap((name) => {
      const [is, shall] = [(value as Fields)?.[name], (expected as Fields)[name]]
      return isDeepStrictEqual(plain(is), plain(shall))
        ? []
        : [`${part}.${name} is ${JSON.stringify(is)}, described as ${JSON.stringify(shall)}`]
    })
  })
}

type Fields = Record<string, unknown>

/** As JSON has it: a field that is undefined is none. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)))
