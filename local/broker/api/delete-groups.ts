// DeleteGroups: forgets a group without members, that is its committed offsets.
import { type ErrorName, errorCode } from '../protocol/error-codes.ts'
import { int16, int32, list, listOf, string } from '../protocol/schema.ts'
import type { BrokerState } from '../state.ts'
import { defineApi } from './api.ts'

export const deleteGroups = defineApi({
  name: 'DeleteGroups',
  key: 42,
  versions: [0, 2],
  flexibleSince: 2,
  request: { groups: listOf(string()) },
  response: {
    throttleTimeMs: int32({ absent: 0 }),
    results: list({ groupId: string(), errorCode: int16() }),
  },
  handle(broker, { groups }) {
    return { results: groups.map((groupId) => ({ groupId, errorCode: errorCode[remove(broker, groupId)] })) }
  },
})

function remove(broker: BrokerState, groupId: string): ErrorName {
  if ((broker.coordinator.group(groupId)?.members.size ?? 0) > 0) return 'NON_EMPTY_GROUP'
  if (!broker.offsets.has(groupId)) return 'GROUP_ID_NOT_FOUND'
  broker.offsets.forget(groupId, broker.offsets.of(groupId))
  return 'NONE'
}
