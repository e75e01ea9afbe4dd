// LeaveGroup: one member, or from version 3 on several, are gone.
import { errorCode } from '../protocol/error-codes.ts'
import { int16, int32, list, string } from '../protocol/schema.ts'
import { defineApi } from './api.ts'

export const leaveGroup = defineApi({
  name: 'LeaveGroup',
  key: 13,
  versions: [0, 5],
  flexibleSince: 4,
  request: {
    groupId: string(),
    memberId: string({ until: 2 }),
    members: list(
      {
        memberId: string(),
        groupInstanceId: string({ nullable: 3 }),
        reason: string({ since: 5, nullable: 5 }),
      },
      { since: 3 },
    ),
  },
  response: {
    throttleTimeMs: int32({ since: 1, absent: 0 }),
    errorCode: int16(),
    members: list({ memberId: string(), groupInstanceId: string({ nullable: 3 }), errorCode: int16() }, { since: 3 }),
  },
  handle(broker, request, { version }) {
    const leaving = version >= 3 ? request.members : [{ memberId: request.memberId, groupInstanceId: null }]
    const refs = leaving.map(({ memberId, groupInstanceId }) => ({ memberId, instanceId: groupInstanceId }))
    const errors = broker.coordinator.leave(request.groupId, refs)
    const members = leaving.map(({ memberId, groupInstanceId }, i) => {
      return { memberId, groupInstanceId, errorCode: errorCode[errors[i] ?? 'NONE'] }
    })
    return { errorCode: version >= 3 ? errorCode.NONE : errorCode[errors[0] ?? 'NONE'], members }
  },
})
