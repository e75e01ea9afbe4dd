// AddOffsetsToTxn: the transaction is going to commit offsets of this group.
import { isGroupId } from '../groups/offsets.ts'
import { int16, int32, int64, string } from '../protocol/schema.ts'
import { defineApi } from './api.ts'
import { codeOfChange } from './transactional.ts'

export const addOffsetsToTxn = defineApi({
  name: 'AddOffsetsToTxn',
  key: 25,
  versions: [0, 4],
  flexibleSince: 3,
  request: {
    transactionalId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    groupId: string(),
  },
  response: { throttleTimeMs: int32({ absent: 0 }), errorCode: int16() },
  handle(broker, { transactionalId, producerId, producerEpoch: epoch, groupId }, { version }) {
    const errorCode = codeOfChange(broker, version, 2, () => {
      if (!isGroupId(groupId)) return 'INVALID_GROUP_ID'
      return broker.transactions.add(transactionalId, { producerId, epoch }, { groups: [groupId] })
    })
    return { errorCode }
  },
})
