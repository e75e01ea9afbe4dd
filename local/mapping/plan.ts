// What `npm run mapping` is to run: a mapping of the pipeline's description, or one of a file, with all that is said about it.
import { PipelineError } from '../../functions/errors.ts'
import { pipeline } from '../../infra/pipeline.ts'
import { type MappingSettings, parseSettings, type Stage } from '../event-source-mapping/settings.ts'
import { refuseConflicts } from '../event-source-mapping/settings-conflict.ts'
import { stableUuid } from '../stable-uuid.ts'
import { describedFunction, describedMapping, mappingJson, mappingUuid } from './described.ts'
import { type MappingCommand, readMappingFile } from './options.ts'

export interface MappingPlan {
  uuid: string
  /** The JSON of CreateEventSourceMapping. */
  json: unknown
  settings: MappingSettings
  function: { name: string; handler: string; timeoutMs: number; memoryMB: number }
}

/** For a FILE without `Function`: what `npm run invoke` gives a handler without a description. */
const functionDefaults = { timeoutMs: 60_000, memoryMB: 512 }
/** The group is the mapping's UUID then, and the UUID is made of what else is known. */
const noGroup = '-'

/** @throws PipelineError CONFIG_INVALID in AWS's words where AWS would refuse, or when no broker is named */
export function planMapping(command: MappingCommand, nowMs: number): MappingPlan {
  return command.pipeline === undefined ? planOfFile(command, nowMs) : planOfPipeline(command, nowMs)
}

function planOfFile({ mapping: file = '', handler = '', brokers, group }: MappingCommand, nowMs: number): MappingPlan {
  const json = readMappingFile(file)
  const settings = parseSettings(json, noGroup, stageOf(nowMs, brokers, group))
  const { functionName, functionTimeoutMs, functionMemoryMB, topic, consumerGroupId } = settings
  const uuid = stableUuid(`${handler} ${topic} ${consumerGroupId}`)
  return {
    uuid,
    json,
    settings: { ...settings, consumerGroupId: consumerGroupId === noGroup ? uuid : consumerGroupId },
    function: {
      name: functionName?.split(':').at(-1) ?? 'function',
      handler,
      timeoutMs: functionTimeoutMs ?? functionDefaults.timeoutMs,
      memoryMB: functionMemoryMB ?? functionDefaults.memoryMB,
    },
  }
}

/** The other mappings of the description are compared with, so that a group named in passing cannot take theirs over. */
function planOfPipeline({ pipeline: name = '', brokers, group }: MappingCommand, nowMs: number): MappingPlan {
  if (!brokers) {
    throw new PipelineError('CONFIG_INVALID', 'no Kafka is named', {
      hint: 'Set KAFKA_BOOTSTRAP_SERVERS, or give --brokers host:port.',
    })
  }
  const described = describedMapping(name)
  const plan = (one: typeof described, consumerGroupId?: string): MappingPlan => {
    const { handler, timeoutSeconds, memoryMB } = describedFunction(one)
    const json = mappingJson(one, brokers)
    const stage = { ...stageOf(nowMs, brokers, consumerGroupId), functionTimeoutSeconds: timeoutSeconds }
    return {
      uuid: mappingUuid(one),
      json,
      settings: parseSettings(json, mappingUuid(one), stage),
      function: { name: one.function, handler, timeoutMs: timeoutSeconds * 1_000, memoryMB },
    }
  }
  const others = pipeline.mappings.filter((one) => one !== described)
  const planned = plan(described, group)
  refuseConflicts([...others.map((one) => plan(one).settings), planned.settings])
  return planned
}

function stageOf(nowMs: number, brokers: string[] | undefined, consumerGroupId: string | undefined): Stage {
  return { nowMs, ...(brokers && { brokers }), ...(consumerGroupId !== undefined && { consumerGroupId }) }
}
