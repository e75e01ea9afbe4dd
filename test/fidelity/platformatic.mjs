// What @platformatic/kafka sees of a broker: `node platformatic.mjs BOOTSTRAP PACKAGE` prints it as JSON.
// It stands apart from the tests because the package needs a newer Node than they do.
const [bootstrap, directory] = process.argv.slice(2)
const { Admin, Consumer, MessagesStreamModes, Producer, stringDeserializers, stringSerializers } = await import(
  directory
)

const topic = 'platformatic'
const client = { clientId: 'platformatic', bootstrapBrokers: [bootstrap] }

const admin = new Admin(client)
const [created] = await admin.createTopics({ topics: [topic], partitions: 2, replicas: 1 })
const producer = new Producer({ ...client, serializers: stringSerializers, idempotent: true })
const records = Array.from({ length: 20 }, (_, i) => ({ topic, key: `k${i}`, value: `v${i}`, headers: { n: `${i}` } }))
const { offsets } = await producer.send({ messages: records, acks: -1 })
const ends = await admin.listOffsets({
  topics: [{ name: topic, partitions: [0, 1].map((partitionIndex) => ({ partitionIndex, timestamp: -1n })) }],
})

/** Reads `count` records as a member of the group, commits them and leaves. */
async function take(groupId, count) {
  const consumer = new Consumer({ ...client, groupId, deserializers: stringDeserializers, maxWaitTime: 200 })
  const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST, autocommit: true })
  const taken = []
  for await (const { partition, offset, key, value, headers } of stream) {
    taken.push(`${partition}/${offset}/${key}/${value}/${[...headers].flat()}`)
    if (taken.length === count) break
  }
  await stream.close()
  await consumer.close()
  return taken.sort()
}

const first = await take('platformatic-group', 20)
const groups = await admin.describeGroups({ groups: ['platformatic-group'] })
const { state } = groups.get('platformatic-group')
await producer.close()
await admin.deleteTopics({ topics: [topic] })
await admin.close()
const plain = (value) => JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? String(each) : each))
console.log(
  plain({
    created: [created.name, created.partitions],
    offsets: offsets?.map(({ partition, offset }) => [partition, offset]).sort(),
    ends,
    first,
    state,
  }),
)
