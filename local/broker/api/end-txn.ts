// EndTxn: commits or aborts. When it is answered, every marker is written and readers see the outcome.
import { bool, int16, int32, int64, string } from '../protocol/schema.ts'
import { defineApi } from './api.ts'
import { codeOfChange } from './transactional.ts'

export const endTxn = defineApi({
  name: 'EndTxn',
  key: 26,
  // Version 5 belongs to the second protocol of transactions (KIP-890), which is not announced.
  versions: [0, 4],
  flexibleSince: 3,
  request: {
    transactionalId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    committed: bool(),
  },
  response: { throttleTimeMs: int32({ absent: 0 }), errorCode: int16() },
  handle(broker, { transactionalId, producerId, producerEpoch: epoch, committed }, { version }) {
    const errorCode = codeOfChange(broker, version, 2, () => {
      return broker.transactions.end(transactionalId, { producerId, epoch }, committed)
    })
    return { errorCode }
  },
})
