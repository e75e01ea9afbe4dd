// JoinGroup: answered when the rebalance that it leads to is complete.
import { randomUUID } from 'node:crypto'
import { isGroupId } from '../groups/offsets.ts'
import { errorCode } from '../protocol/error-codes.ts'
import { bool, bytes, int16, int32, list, string } from '../protocol/schema.ts'
import { defineApi } from './api.ts'

/** What the group keeps of one member. Our choice: Kafka has no limit, and a subscription to 10,000 topics takes less. */
const metadataBytesMax = 1024 * 1024

export const joinGroup = defineApi({
  name: 'JoinGroup',
  key: 11,
  versions: [0, 9],
  flexibleSince: 6,
  request: {
    groupId: string(),
    sessionTimeoutMs: int32(),
    rebalanceTimeoutMs: int32({ since: 1, absent: -1 }),
    memberId: string(),
    groupInstanceId: string({ since: 5, nullable: 5 }),
    protocolType: string(),
    protocols: list({ name: string(), metadata: bytes() }),
    reason: string({ since: 8, nullable: 8 }),
  },
  response: {
    throttleTimeMs: int32({ since: 2, absent: 0 }),
    errorCode: int16(),
    generationId: int32(),
    protocolType: string({ since: 7, nullable: 7 }),
    protocolName: string({ nullable: 7 }),
    leader: string(),
    skipAssignment: bool({ since: 9, absent: false }),
    memberId: string(),
    members: list({ memberId: string(), groupInstanceId: string({ since: 5, nullable: 5 }), metadata: bytes() }),
  },
  async handle(broker, request, { version, clientId, clientHost }) {
    const { groupId, memberId, sessionTimeoutMs, groupInstanceId, protocolType, rebalanceTimeoutMs } = request
    if (!isGroupId(groupId)) return refused(errorCode.INVALID_GROUP_ID, memberId)
    if (bytesOf(request.protocols) > metadataBytesMax) return refused(errorCode.INVALID_REQUEST, memberId)
    const answer = await broker.coordinator.join(groupId, {
      memberId,
      freshMemberId: `${groupInstanceId ?? clientId}-${randomUUID()}`,
      instanceId: groupInstanceId,
      clientId,
      clientHost,
      sessionTimeoutMs,
      rebalanceTimeoutMs: rebalanceTimeoutMs < 0 ? sessionTimeoutMs : rebalanceTimeoutMs,
      protocolType,
      // Copied: the request's buffer may be a hundred times as large, and the group keeps these.
      protocols: request.protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) })),
      idRequired: version >= 4,
      skipsAssignment: version >= 9,
    })
    return {
      errorCode: errorCode[answer.error],
      generationId: answer.generation,
      protocolType: answer.protocolType,
      protocolName: version >= 7 ? answer.protocolName : (answer.protocolName ?? ''),
      leader: answer.leaderId,
      skipAssignment: answer.skipAssignment,
      memberId: answer.memberId,
      members: answer.members.map(({ id, instanceId, metadata }) => {
        return { memberId: id, groupInstanceId: instanceId, metadata }
      }),
    }
  },
})

function bytesOf(protocols: readonly { name: string; metadata: Buffer }[]): number {
  return protocols.reduce((sum, { name, metadata }) => sum + name.length + metadata.length, 0)
}

function refused(code: number, memberId: string) {
  const nothing = { generationId: -1, protocolType: null, protocolName: '', leader: '', members: [] }
  return { errorCode: code, memberId, ...nothing }
}
