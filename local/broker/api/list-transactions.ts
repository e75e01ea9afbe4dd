// ListTransactions: every transactional id that is known, or those that the filters let through.
import { errorCode } from '../protocol/error-codes.ts'
import { int16, int32, int64, list, listOf, string } from '../protocol/schema.ts'
import type { Transaction } from '../transactions/transaction.ts'
import { defineApi } from './api.ts'

const states = new Set(['Empty', 'Ongoing', 'PrepareCommit', 'PrepareAbort', 'CompleteCommit', 'CompleteAbort'])

export const listTransactions = defineApi({
  name: 'ListTransactions',
  key: 66,
  versions: [0, 1],
  flexibleSince: 0,
  request: {
    stateFilters: listOf(string()),
    producerIdFilters: listOf(int64()),
    durationFilter: int64({ since: 1, absent: -1 }),
  },
  response: {
    throttleTimeMs: int32({ absent: 0 }),
    errorCode: int16(),
    unknownStateFilters: listOf(string()),
    transactionStates: list({ transactionalId: string(), producerId: int64(), transactionState: string() }),
  },
  handle(broker, { stateFilters, producerIdFilters, durationFilter }) {
    const now = broker.now()
    const wanted = ({ state, producerId, startedAt }: Transaction) => {
      if (stateFilters.length > 0 && !stateFilters.includes(state)) return false
      if (producerIdFilters.length > 0 && !producerIdFilters.includes(producerId)) return false
      return durationFilter < 0 || (startedAt >= 0 && now - startedAt >= durationFilter)
    }
    const found = broker.transactions.all().filter(wanted)
    return {
      errorCode: errorCode.NONE,
      unknownStateFilters: stateFilters.filter((state) => !states.has(state)),
      transactionStates: found.map(({ id, producerId, state }) => {
        return { transactionalId: id, producerId, transactionState: state }
      }),
    }
  },
})
