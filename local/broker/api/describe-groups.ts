// DescribeGroups: the members of groups and what they are assigned.
import type { Group, Member } from '../groups/group.ts'
import { errorCode } from '../protocol/error-codes.ts'
import { bool, bytes, int16, int32, list, listOf, string } from '../protocol/schema.ts'
import type { BrokerState } from '../state.ts'
import { defineApi, operationsUnknown } from './api.ts'
import { firstTimes } from './repetition.ts'

export const describeGroups = defineApi({
  name: 'DescribeGroups',
  key: 15,
  versions: [0, 6],
  flexibleSince: 5,
  request: {
    groups: listOf(string()),
    includeAuthorizedOperations: bool({ since: 3 }),
  },
  response: {
    throttleTimeMs: int32({ since: 1, absent: 0 }),
    groups: list({
      errorCode: int16(),
      errorMessage: string({ since: 6, nullable: 6 }),
      groupId: string(),
      groupState: string(),
      protocolType: string(),
      protocolData: string(),
      members: list({
        memberId: string(),
        groupInstanceId: string({ since: 4, nullable: 4 }),
        clientId: string(),
        clientHost: string(),
        memberMetadata: bytes(),
        memberAssignment: bytes(),
      }),
      authorizedOperations: int32({ since: 3, absent: operationsUnknown }),
    }),
  },
  handle(broker, request, { version }) {
    const groups = request.groups.filter(firstTimes()).map((groupId) => ({
      ...existence(broker, groupId, version),
      ...describe(broker, groupId),
    }))
    return { groups }
  },
})

/** From version 6 on a group that is not there is an error (KIP-1043); before, its state said so. */
function existence(broker: BrokerState, groupId: string, version: number) {
  if (version < 6 || stateOf(broker, groupId) !== 'Dead') return { errorCode: errorCode.NONE, errorMessage: null }
  return { errorCode: errorCode.GROUP_ID_NOT_FOUND, errorMessage: `Group ${groupId} not found.` }
}

function describe(broker: BrokerState, groupId: string) {
  const group = broker.coordinator.group(groupId)
  const members = group ? [...group.members.values()].map((member) => describeMember(group, member)) : []
  return {
    groupId,
    groupState: stateOf(broker, groupId),
    protocolType: protocolTypeOf(broker, groupId),
    protocolData: group?.protocolName ?? '',
    members,
  }
}

function describeMember(group: Group, member: Member) {
  const { id, instanceId, clientId, clientHost, assignment, protocols } = member
  const memberMetadata = protocols.find(({ name }) => name === group.protocolName)?.metadata ?? Buffer.alloc(0)
  return {
    memberId: id,
    groupInstanceId: instanceId,
    clientId,
    clientHost,
    memberMetadata,
    memberAssignment: assignment,
  }
}

/**
 * Our choice for a group known by its offsets alone: nearly always consumers committed them. (Kafka keeps the type with
 * the group's metadata.)
 */
export function protocolTypeOf(broker: BrokerState, groupId: string): string {
  return broker.coordinator.group(groupId)?.protocolType ?? (broker.offsets.has(groupId) ? 'consumer' : '')
}

/** The phase, Empty for one that has only committed offsets, Dead for one of which nothing is known. */
export function stateOf(broker: BrokerState, groupId: string): string {
  return broker.coordinator.group(groupId)?.phase ?? (broker.offsets.has(groupId) ? 'Empty' : 'Dead')
}
