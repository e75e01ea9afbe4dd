// Heartbeat: a member lives, and learns whether it must join again.
import { errorCode } from '../protocol/error-codes.ts'
import { int16, int32, string } from '../protocol/schema.ts'
import { defineApi } from './api.ts'

export const heartbeat = defineApi({
  name: 'Heartbeat',
  key: 12,
  versions: [0, 4],
  flexibleSince: 4,
  request: {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: string({ since: 3, nullable: 3 }),
  },
  response: {
    throttleTimeMs: int32({ since: 1, absent: 0 }),
    errorCode: int16(),
  },
  handle(broker, { groupId, generationId, memberId, groupInstanceId }) {
    const from = { memberId, instanceId: groupInstanceId, generation: generationId }
    return { errorCode: errorCode[broker.coordinator.heartbeat(groupId, from)] }
  },
})
