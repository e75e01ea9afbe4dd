// ListGroups: every group with members or committed offsets.
import { errorCode } from '../protocol/error-codes.ts'
import { int16, int32, list, listOf, string } from '../protocol/schema.ts'
import { defineApi } from './api.ts'
import { protocolTypeOf, stateOf } from './describe-groups.ts'

export const listGroups = defineApi({
  name: 'ListGroups',
  key: 16,
  versions: [0, 5],
  flexibleSince: 3,
  request: {
    statesFilter: listOf(string(), { since: 4 }),
    typesFilter: listOf(string(), { since: 5 }),
  },
  response: {
    throttleTimeMs: int32({ since: 1, absent: 0 }),
    errorCode: int16(),
    groups: list({
      groupId: string(),
      protocolType: string(),
      groupState: string({ since: 4 }),
      groupType: string({ since: 5 }),
    }),
  },
  handle(broker, { statesFilter, typesFilter }) {
    const ids = [...new Set([...broker.coordinator.ids(), ...broker.offsets.groupIds()])]
    const all = ids.map((groupId) => ({
      groupId,
      protocolType: protocolTypeOf(broker, groupId),
      groupState: stateOf(broker, groupId),
      groupType: 'classic',
    }))
    const groups = all.filter((group) => {
      return passes(statesFilter, group.groupState) && passes(typesFilter, group.groupType)
    })
    return { errorCode: errorCode.NONE, groups }
  },
})

/** Filters are not sensitive to case, and none at all lets everything pass. */
function passes(filter: readonly string[], value: string): boolean {
  return filter.length === 0 || filter.some((each) => each.toLowerCase() === value.toLowerCase())
}
