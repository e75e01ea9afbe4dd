// FindCoordinator: it is always here.
import { errorCode } from '../protocol/error-codes.ts'
import { int8, int16, int32, list, listOf, string } from '../protocol/schema.ts'
import { type BrokerState, nodeId } from '../state.ts'
import { defineApi } from './api.ts'

export const findCoordinator = defineApi({
  name: 'FindCoordinator',
  key: 10,
  versions: [0, 6],
  flexibleSince: 3,
  request: {
    key: string({ until: 3 }),
    keyType: int8({ since: 1 }),
    coordinatorKeys: listOf(string(), { since: 4 }),
  },
  response: {
    throttleTimeMs: int32({ since: 1, absent: 0 }),
    errorCode: int16({ until: 3 }),
    errorMessage: string({ since: 1, until: 3, nullable: 1 }),
    nodeId: int32({ until: 3 }),
    host: string({ until: 3 }),
    port: int32({ until: 3 }),
    coordinators: list(
      {
        key: string(),
        nodeId: int32(),
        host: string(),
        port: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: 4 }),
      },
      { since: 4 },
    ),
  },
  handle(broker, { key, keyType, coordinatorKeys }) {
    const found = find(broker, keyType)
    return { ...found, coordinators: coordinatorKeys.map((each) => ({ key: each, ...found })), key }
  },
})

/** CoordinatorType: group and transaction; share groups (2) are not offered. */
const served = new Set([0, 1])

function find({ host, port }: BrokerState, keyType: number) {
  if (served.has(keyType)) return { errorCode: errorCode.NONE, errorMessage: null, nodeId, host, port }
  const errorMessage = `Coordinators of type ${keyType} are not offered.`
  return { errorCode: errorCode.INVALID_REQUEST, errorMessage, nodeId: -1, host: '', port: -1 }
}
