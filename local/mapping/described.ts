// A mapping of `infra/pipeline.ts` as the JSON of CreateEventSourceMapping, with what the stage fills in.
import { PipelineError } from '../../functions/errors.ts'
import { type FunctionDescription, type MappingDescription, pipeline } from '../../infra/pipeline.ts'
import { stableUuid } from '../stable-uuid.ts'

/** The whole JSON; `group` is the description's own unless the stage has another. */
export function mappingJson(
  { function: name, consumerGroupId, settings }: MappingDescription,
  brokers: readonly string[],
  group = consumerGroupId,
): object {
  return {
    FunctionName: name,
    SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: brokers } },
    SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: group },
    ...settings,
  }
}

/** The same from start to start, and for all processes of a group. */
export function mappingUuid({ function: name, consumerGroupId, settings }: MappingDescription): string {
  return stableUuid(`${name} ${settings.Topics[0]} ${consumerGroupId}`)
}

/** @throws PipelineError CONFIG_INVALID when the pipeline has no mapping of this name */
export function describedMapping(name: string): MappingDescription {
  const found = pipeline.mappings.find((mapping) => mapping.name === name)
  if (found) return found
  const names = pipeline.mappings.map((mapping) => mapping.name).join(', ')
  throw new PipelineError('CONFIG_INVALID', `--pipeline ${name}: there is no such mapping`, {
    hint: `infra/pipeline.ts has ${names}.`,
  })
}

export function describedFunction({ function: name }: MappingDescription): FunctionDescription {
  return pipeline.functions[name as keyof typeof pipeline.functions]
}
