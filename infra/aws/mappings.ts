// The event source mappings of the description, setting by setting.
import { type MappingDescription, pipeline } from '../pipeline.ts'
import { componentName, functionNamed } from './functions.ts'
import { cluster } from './kafka.ts'

/** In the order of the description. */
export const mappings = pipeline.mappings.map(
  ({ function: name, consumerGroupId, settings }) =>
    new aws.lambda.EventSourceMapping(`${componentName(name)}Mapping`, {
      ...argumentsOf(settings),
      functionName: functionNamed(name).name,
      eventSourceArn: cluster.arn,
      amazonManagedKafkaEventSourceConfig: { consumerGroupId },
      // Lambda counts what it polled, filtered, dropped and sent on, for provisioned pollers alone; alarms watch it.
      ...(countsEvents(settings) && { metricsConfig: { metrics: ['EventCount'] } }),
    }),
)

export function countsEvents(settings: MappingDescription['settings']): boolean {
  return 'ProvisionedPollerConfig' in settings
}

type Arguments = Omit<aws.lambda.EventSourceMappingArgs, 'functionName'>

/** CreateEventSourceMapping's JSON in Pulumi's letters: every name begins small, and a destination is an ARN's. */
function argumentsOf(settings: MappingDescription['settings']): Arguments {
  return smallLetters(settings) as Arguments
}

function smallLetters(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(smallLetters)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name === 'Destination' ? 'destinationArn' : name.charAt(0).toLowerCase() + name.slice(1),
      smallLetters(inner),
    ]),
  )
}
