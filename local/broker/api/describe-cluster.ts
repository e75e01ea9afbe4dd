// DescribeCluster: one node, which leads everything.
import { errorCode } from '../protocol/error-codes.ts'
import { bool, int8, int16, int32, list, string } from '../protocol/schema.ts'
import { nodeId } from '../state.ts'
import { defineApi, operationsUnknown } from './api.ts'

export const describeCluster = defineApi({
  name: 'DescribeCluster',
  key: 60,
  versions: [0, 1],
  flexibleSince: 0,
  request: {
    includeClusterAuthorizedOperations: bool(),
    endpointType: int8({ since: 1, absent: 1 }),
  },
  response: {
    throttleTimeMs: int32({ absent: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: 0, absent: null }),
    endpointType: int8({ since: 1, absent: 1 }),
    clusterId: string(),
    controllerId: int32(),
    brokers: list({ brokerId: int32(), host: string(), port: int32(), rack: string({ nullable: 0, absent: null }) }),
    clusterAuthorizedOperations: int32({ absent: operationsUnknown }),
  },
  handle({ host, port, topics }) {
    const brokers = [{ brokerId: nodeId, host, port }]
    return { errorCode: errorCode.NONE, clusterId: topics.clusterId, controllerId: nodeId, brokers }
  },
})
