// kafkajs: the admin client.
import { ConfigResourceTypes } from 'kafkajs'
import { expect, it } from 'vitest'
import { inAnyOrder, seenOnBoth } from './both.ts'
import { clientOf, failure, numbered, producerOf, take, withAdmin } from './kafkajs-client.ts'

it('topics are made, described, grown and deleted', async () => {
  const seen = await seenOnBoth((bootstrap) =>
    withAdmin(bootstrap, async (admin) => {
      const make = (topic: string, numPartitions = 2, replicationFactor = 1) =>
        failure(admin.createTopics({ topics: [{ topic, numPartitions, replicationFactor }] }))
      const made = await make('managed')
      const again = await admin.createTopics({ topics: [{ topic: 'managed' }] })
      const refused = [
        await make('a b'),
        await make('zero', 0),
        await make('replicated', 1, 3),
        await make('x'.repeat(250)),
      ]
      const [metadata] = (await admin.fetchTopicMetadata({ topics: ['managed'] })).topics
      const partitions = inAnyOrder(metadata?.partitions ?? [], 'partitionId')
      const grown = await failure(admin.createPartitions({ topicPartitions: [{ topic: 'managed', count: 4 }] }))
      const shrunk = await failure(admin.createPartitions({ topicPartitions: [{ topic: 'managed', count: 1 }] }))
      const after = await admin.fetchTopicMetadata({ topics: ['managed'] })
      await admin.deleteTopics({ topics: ['managed'] })
      const deletedAgain = await failure(admin.deleteTopics({ topics: ['managed'], timeout: 1_000 }))
      const listed = (await admin.listTopics()).includes('managed')
      return {
        made,
        again,
        refused,
        partitions,
        grown,
        shrunk,
        counts: after.topics[0]?.partitions.length,
        deletedAgain,
        listed,
      }
    }),
  )
  expect(seen).toMatchObject({ made: 'no error', again: false, counts: 4, listed: false })
})

it('offsets by time, at both ends and of a group agree', async () => {
  const seen = await seenOnBoth(async (bootstrap) => {
    const topic = 'timed'
    const start = 1_700_000_000_000
    return withAdmin(bootstrap, async (admin) => {
      await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true })
      const producer = await producerOf(bootstrap)
      for (let n = 0; n < 5; n++) {
        const messages = [0, 1].map((m) => ({ value: `${n}-${m}`, timestamp: String(start + n * 1_000 + m) }))
        await producer.send({ topic, messages })
      }
      await producer.disconnect()
      const times = [start - 1, start, start + 1, start + 2, start + 2_000, start + 4_001, start + 4_002]
      const byTime = []
      for (const time of times) byTime.push(await admin.fetchTopicOffsetsByTimestamp(topic, time))
      await admin.setOffsets({ groupId: 'timed-group', topic, partitions: [{ partition: 0, offset: '7' }] })
      const set = await admin.fetchOffsets({ groupId: 'timed-group', topics: [topic] })
      const unknown = await admin.fetchOffsets({ groupId: 'no-such-group', topics: [topic] })
      return { ends: await admin.fetchTopicOffsets(topic), byTime, set, unknown }
    })
  })
  expect(seen.byTime.map(([partition]) => partition?.offset)).toEqual(['0', '0', '1', '2', '4', '9', '10'])
})

it('groups are listed, described and deleted, and a group in use is not', async () => {
  const seen = await seenOnBoth(async (bootstrap) => {
    const topic = 'watched'
    const producer = await producerOf(bootstrap)
    await withAdmin(bootstrap, (admin) => admin.createTopics({ topics: [{ topic, numPartitions: 1 }] }))
    await producer.send({ topic, messages: numbered(1) })
    await producer.disconnect()
    await take(bootstrap, { topic, groupId: 'left', count: 1 })
    const consumer = clientOf(bootstrap).consumer({ groupId: 'stays', maxWaitTimeInMs: 200 })
    await consumer.connect()
    await consumer.subscribe({ topic })
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
    await consumer.run({ eachMessage: async () => {} })
    await joined
    const seen = await withAdmin(bootstrap, async (admin) => {
      const { groups } = await admin.describeGroups(['left', 'stays', 'never-was'])
      const described = inAnyOrder(groups, 'groupId').map(({ members, ...group }) => ({
        ...group,
        members: members.map(({ clientId, clientHost }) => ({ clientId, clientHost })),
      }))
      const inUse = await failure(admin.deleteGroups(['stays']))
      const deleted = await failure(admin.deleteGroups(['left']))
      const gone = await failure(admin.deleteGroups(['never-was']))
      const names = (await admin.listGroups()).groups.filter(({ groupId }) => ['left', 'stays'].includes(groupId))
      return { described, inUse, deleted, gone, names }
    })
    await consumer.disconnect()
    return seen
  })
  expect(seen.names).toEqual([{ groupId: 'stays', protocolType: 'consumer' }])
})

it('settings are changed and told', async () => {
  const seen = await seenOnBoth((bootstrap) =>
    withAdmin(bootstrap, async (admin) => {
      const topic = 'configured'
      const configEntries = [{ name: 'retention.ms', value: '3600000' }]
      await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }] })
      const configNames = [
        'retention.ms',
        'retention.bytes',
        'max.message.bytes',
        'segment.bytes',
        'cleanup.policy',
        'message.timestamp.type',
      ]
      const told = async () => {
        const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames }]
        const { resources: answers } = await admin.describeConfigs({ resources, includeSynonyms: false })
        return answers[0]?.configEntries
          .map(({ configName, configValue, isDefault, configSource }) => ({
            configName,
            configValue,
            isDefault,
            configSource,
          }))
          .sort((a, b) => a.configName.localeCompare(b.configName))
      }
      const before = await told()
      const set = (name: string, value: string) =>
        failure(
          admin.alterConfigs({
            validateOnly: false,
            resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name, value }] }],
          }),
        )
      const changed = await set('max.message.bytes', '2000')
      const refused = [await set('max.message.bytes', 'many'), await set('no.such.setting', '1')]
      return { before, changed, refused, after: await told() }
    }),
  )
  expect(seen.changed).toBe('no error')
})

it('records are deleted up to an offset', async () => {
  const seen = await seenOnBoth((bootstrap) =>
    withAdmin(bootstrap, async (admin) => {
      const topic = 'shortened'
      await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true })
      const producer = await producerOf(bootstrap)
      await producer.send({ topic, messages: numbered(10) })
      await producer.disconnect()
      // kafkajs asks only leaders that it has heard of.
      await admin.fetchTopicOffsets(topic)
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '6' }] })
      const beyond = await failure(admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '60' }] }))
      const taken = await take(bootstrap, { topic, groupId: 'shortened-readers', count: 4 })
      return { ends: await admin.fetchTopicOffsets(topic), beyond, taken }
    }),
  )
  expect(seen.ends).toMatchObject([{ low: '6', high: '10' }])
})
