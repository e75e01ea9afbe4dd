// DescribeLogDirs: how large the partitions are.
import { errorCode } from '../protocol/error-codes.ts'
import { bool, int16, int32, int64, list, listOf, string } from '../protocol/schema.ts'
import { defineApi } from './api.ts'

export const describeLogDirs = defineApi({
  name: 'DescribeLogDirs',
  key: 35,
  versions: [1, 4],
  flexibleSince: 2,
  request: {
    topics: list({ topic: string(), partitions: listOf(int32()) }, { nullable: 0 }),
  },
  response: {
    throttleTimeMs: int32({ absent: 0 }),
    errorCode: int16({ since: 3 }),
    results: list({
      errorCode: int16(),
      logDir: string(),
      topics: list({
        name: string(),
        partitions: list({ partitionIndex: int32(), partitionSize: int64(), offsetLag: int64(), isFutureKey: bool() }),
      }),
      totalBytes: int64({ since: 4, absent: -1 }),
      usableBytes: int64({ since: 4, absent: -1 }),
    }),
  },
  handle(broker, request) {
    const wanted =
      request.topics && new Map(request.topics.map(({ topic, partitions }) => [topic, new Set(partitions)]))
    const topics = broker.topics.all().flatMap(({ name, partitions }) => {
      if (wanted && !wanted.has(name)) return []
      const sizes = partitions.map((log, partitionIndex) => {
        return { partitionIndex, partitionSize: log.bytes, offsetLag: 0, isFutureKey: false }
      })
      const asked = wanted?.get(name)
      return [{ name, partitions: asked ? sizes.filter(({ partitionIndex }) => asked.has(partitionIndex)) : sizes }]
    })
    const none = errorCode.NONE
    return { errorCode: none, results: [{ errorCode: none, logDir: broker.topics.folder, topics }] }
  },
})
