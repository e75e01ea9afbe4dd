// SyncGroup: the leader hands in who gets what, and each member receives its part.
import { errorCode } from '../protocol/error-codes.ts'
import { bytes, int16, int32, list, string } from '../protocol/schema.ts'
import { defineApi } from './api.ts'

/** What the group keeps of its leader's decision. Our choice: Kafka has no limit. */
const assignmentBytesMax = 8 * 1024 * 1024

export const syncGroup = defineApi({
  name: 'SyncGroup',
  key: 14,
  versions: [0, 5],
  flexibleSince: 4,
  request: {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: string({ since: 3, nullable: 3 }),
    protocolType: string({ since: 5, nullable: 5 }),
    protocolName: string({ since: 5, nullable: 5 }),
    assignments: list({ memberId: string(), assignment: bytes() }),
  },
  response: {
    throttleTimeMs: int32({ since: 1, absent: 0 }),
    errorCode: int16(),
    protocolType: string({ since: 5, nullable: 5 }),
    protocolName: string({ since: 5, nullable: 5 }),
    assignment: bytes(),
  },
  async handle(broker, request) {
    const { groupId, memberId, groupInstanceId, generationId, protocolType, protocolName, assignments } = request
    if (assignments.reduce((sum, { assignment }) => sum + assignment.length, 0) > assignmentBytesMax) {
      return { errorCode: errorCode.INVALID_REQUEST, protocolType, protocolName, assignment: Buffer.alloc(0) }
    }
    const answer = await broker.coordinator.sync(groupId, {
      memberId,
      instanceId: groupInstanceId,
      generation: generationId,
      protocolType,
      protocolName,
      assignments,
    })
    return { ...answer, errorCode: errorCode[answer.error] }
  },
})
