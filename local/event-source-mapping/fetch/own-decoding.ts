// Lets a kafkajs client decode fetched records by our own decoder.
//
// kafkajs 2.2.4 compares no checksums, fails a whole fetch for one bad batch without saying which, hands the records of a batch on as
// arguments of one call (V8 takes some 125,000), loses the order of headers, and stands still for ever behind a batch of which
// compaction has left nothing. Its requests, and all that it does with groups, stay as they are.
import type { Kafka } from 'kafkajs'
import { clusterMaker } from '../../../functions/kafka/read-range.ts'
import { decodeFetchAnswer, type FetchAnswer, type Fetching, versions } from './fetch-answer.ts'
import { type KafkajsAnswer, likeOurs } from './kafkajs-answer.ts'

/** What is used of kafkajs's inner objects. kafkajs 2.2.4: src/cluster/index.js, src/broker/index.js, src/network/connectionPool.js. */
interface Cluster {
  findBroker(query: object): Promise<Broker>
}

interface Broker {
  connectionPool: { send(call: Call): Promise<unknown> }
  fetch(request: FetchRequest): Promise<unknown>
}

interface Call {
  request: { apiVersion: number }
  response: { decode(answer: Buffer): Promise<FetchAnswer | KafkajsAnswer> }
}

interface FetchRequest {
  topics: { topic: string; partitions: { partition: number; fetchOffset: string }[] }[]
}

/** From now on what consumers of `kafka` fetch is decoded here; `damaged` is told of batches that cannot be read. */
export function decodeByOurselves(kafka: Kafka, damaged: Fetching['damaged']): void {
  const symbol = clusterMaker(kafka)
  const clients = kafka as unknown as Record<symbol, (options: object) => Cluster>
  const makeCluster = clients[symbol]
  clients[symbol] = (options) => {
    const cluster = makeCluster?.(options) as Cluster
    const findBroker = cluster.findBroker.bind(cluster)
    const known = new WeakSet<Broker>()
    cluster.findBroker = async (query) => {
      const broker = await findBroker(query)
      if (!known.has(broker)) broker.fetch = fetchOf(broker, damaged)
      known.add(broker)
      return broker
    }
    return cluster
  }
}

/** The broker's own fetch, but for the decoding. Each call has a view of the broker to itself, as it must know what it asked for. */
function fetchOf(broker: Broker, damaged: Fetching['damaged']): Broker['fetch'] {
  const { fetch } = broker
  return (request) => {
    const { connectionPool: pool } = broker
    const send = (call: Call) =>
      pool.send({ ...call, response: decodedByOurselves(call, { ...asked(request), damaged }) })
    const connectionPool = Object.create(pool, { send: { value: send } })
    return fetch.call(Object.create(broker, { connectionPool: { value: connectionPool } }), request)
  }
}

function decodedByOurselves({ request, response }: Call, fetching: Fetching): Call['response'] {
  const { apiVersion } = request
  const isKnown = apiVersion >= versions.min && apiVersion <= versions.max
  const decode = async (answer: Buffer) => {
    const decoded = isKnown ? await decodeFetchAnswer(answer, apiVersion, fetching) : null
    return decoded ?? likeOurs((await response.decode(answer)) as KafkajsAnswer)
  }
  return { ...response, decode }
}

function asked({ topics }: FetchRequest): Pick<Fetching, 'offsetOf'> {
  return {
    offsetOf(name, number) {
      const partitions = topics.find(({ topic }) => topic === name)?.partitions
      return Number(partitions?.find(({ partition }) => partition === number)?.fetchOffset ?? 0)
    },
  }
}
