// What mappings must not have in common.
import type { MappingSettings } from './settings.ts'
import { refusal } from './settings-error.ts'

/**
 * Refuses mappings that stand in each other's way. Several processes of one mapping do not: they are how it scales out.
 *
 * @throws PipelineError CONFIG_INVALID with AWS's ResourceConflictException for the same function, topic and broker
 * twice, or InvalidParameterValueException for a group id that is not unique
 */
export function refuseConflicts(mappings: readonly MappingSettings[]): void {
  mappings.forEach((mapping, i) => {
    for (const other of mappings.slice(0, i)) refuseConflict(mapping, other)
  })
}

function refuseConflict(mapping: MappingSettings, other: MappingSettings): void {
  const { bootstrapServers, consumerGroupId, functionName, topic } = mapping
  const shareSource = other.topic === topic && other.bootstrapServers.some((one) => bootstrapServers.includes(one))
  if (shareSource && functionName !== null && functionName === other.functionName) {
    const servers = bootstrapServers.join(',')
    throw refusal(
      'ResourceConflictException',
      `An event source mapping with event source (${servers}), function (${functionName}), topics (${topic}) already exists`,
    )
  }
  if (consumerGroupId === other.consumerGroupId) {
    throw refusal('InvalidParameterValueException', `ConsumerGroupId ${consumerGroupId} is another mapping's already`)
  }
}
