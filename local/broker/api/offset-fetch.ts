// OffsetFetch: what groups have committed; from version 8 on for many groups at once.
import { errorCode } from '../protocol/error-codes.ts'
import { bool, int16, int32, int64, list, listOf, string } from '../protocol/schema.ts'
import type { BrokerState } from '../state.ts'
import { defineApi } from './api.ts'

const wantedTopic = { name: string(), partitionIndexes: listOf(int32()) }

const committed = {
  partitionIndex: int32(),
  committedOffset: int64(),
  committedLeaderEpoch: int32({ since: 5 }),
  metadata: string({ nullable: 0 }),
  errorCode: int16(),
}

export const offsetFetch = defineApi({
  name: 'OffsetFetch',
  key: 9,
  versions: [1, 9],
  flexibleSince: 6,
  request: {
    groupId: string({ until: 7 }),
    topics: list(wantedTopic, { until: 7, nullable: 2 }),
    groups: list(
      {
        groupId: string(),
        memberId: string({ since: 9, nullable: 9 }),
        memberEpoch: int32({ since: 9, absent: -1 }),
        topics: list(wantedTopic, { nullable: 8 }),
      },
      { since: 8 },
    ),
    requireStable: bool({ since: 7 }),
  },
  response: {
    throttleTimeMs: int32({ since: 3, absent: 0 }),
    topics: list({ name: string(), partitions: list(committed) }, { until: 7 }),
    errorCode: int16({ since: 2, until: 7 }),
    groups: list(
      {
        groupId: string(),
        topics: list({ name: string(), partitions: list(committed) }),
        errorCode: int16(),
      },
      { since: 8 },
    ),
  },
  handle(broker, request, { version }) {
    const none = errorCode.NONE
    if (version < 8) {
      return {
        topics: topicsOf(broker, request.groupId, request.topics, request.requireStable),
        errorCode: none,
        groups: [],
      }
    }
    const groups = request.groups.map(({ groupId, topics }) => {
      return { groupId, topics: topicsOf(broker, groupId, topics, request.requireStable), errorCode: none }
    })
    return { topics: [], errorCode: none, groups }
  },
})

type WantedTopics = { name: string; partitionIndexes: number[] }[]

function topicsOf(broker: BrokerState, groupId: string, wanted: WantedTopics | null, requireStable: boolean) {
  return (wanted ?? allOf(broker, groupId)).map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => {
      // An unfinished transaction would change it: who is to read on must wait for the outcome (KIP-447).
      const unstable = requireStable && broker.offsets.isHeld(groupId, name, partitionIndex)
      const found = unstable ? undefined : broker.offsets.get(groupId, name, partitionIndex)
      return {
        partitionIndex,
        committedOffset: found?.offset ?? -1,
        committedLeaderEpoch: found?.leaderEpoch ?? -1,
        metadata: found?.metadata ?? '',
        errorCode: unstable ? errorCode.UNSTABLE_OFFSET_COMMIT : errorCode.NONE,
      }
    }),
  }))
}

function allOf(broker: BrokerState, groupId: string): WantedTopics {
  const byTopic = new Map<string, number[]>()
  for (const { topic, partition } of broker.offsets.of(groupId)) {
    byTopic.set(topic, [...(byTopic.get(topic) ?? []), partition])
  }
  return [...byTopic].map(([name, partitionIndexes]) => ({ name, partitionIndexes }))
}
