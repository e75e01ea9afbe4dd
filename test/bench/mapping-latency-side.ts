// The mapping of the latency benchmark, in a process of its own with its function: notes of each record when kafkajs handed it
// over, when its batch was cut, and when the handler began.
//
//   node local/run.mjs test/bench/mapping-latency-side.ts <bootstrap> <topic> <records> <0 or default>
import { type ConsumerConfig, type ConsumerRunConfig, Kafka } from 'kafkajs'
import { pipeline } from '../../infra/pipeline.ts'
import { startMapping } from '../../local/event-source-mapping/mapping.ts'
import { startFunction } from '../../local/runtime/function.ts'

/** ms, a value for each record in the order of their arrival. */
export interface LatencyResult {
  /** From the hand-over until its batch was cut: the window, and the batch before it on its partition. */
  waited: number[]
  /** From the hand-over until the handler began. */
  total: number[]
  /** µs of CPU for each record, of mapping and function together, since the first one came. */
  cpuMicros: number
}

const [bootstrap = '', topic = '', countText, window] = process.argv.slice(2)
const count = Number(countText)
const described = pipeline.mappings.find(({ consumerGroupId }) => consumerGroupId === pipeline.shop.group)

const nowMicros = () => Number(process.hrtime.bigint() / 1_000n)
const handedOver = new Map<string, number>()
const cut = new Map<number, number>()
const result: LatencyResult = { waited: [], total: [], cpuMicros: 0 }
let cpu: NodeJS.CpuUsage | undefined
noteHandOvers()

const invoked = await startFunction({
  name: 'latency',
  handler: 'test/bench/mapping-latency-handler.handler',
  env: {},
  timeoutMs: 60_000,
  memoryMB: 512,
  concurrencyMax: 3,
  warm: true,
})
const { MaximumBatchingWindowInSeconds: _, ...settings } = described?.settings ?? {}
const mapping = await startMapping({
  uuid: topic,
  settings: {
    ...settings,
    SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [bootstrap] } },
    Topics: [topic],
    ...(window === '0' && { MaximumBatchingWindowInSeconds: 0 }),
  },
  invoke: (event) => invoked.invoke(event),
  emit(happening) {
    if (happening.type === 'assigned' && happening.partitions.length > 0) console.log('joined')
    if (happening.type === 'invoke') cut.set(happening.batch, nowMicros())
    if (happening.type === 'result') note(happening.batch, happening.records, happening.answer ?? '')
  },
})

/** kafkajs calls `eachBatch` when it hands over; the mapping gives it one. */
function noteHandOvers(): void {
  const { consumer: create } = Kafka.prototype
  Kafka.prototype.consumer = function consumer(this: Kafka, config: ConsumerConfig) {
    const consumer = create.call(this, config)
    const { run } = consumer
    consumer.run = (options?: ConsumerRunConfig) =>
      run({
        ...options,
        async eachBatch(payload) {
          const now = nowMicros()
          cpu ??= process.cpuUsage()
          const { partition, messages } = payload.batch
          for (const { offset } of messages) handedOver.set(`${topic}-${partition}/${offset}`, now)
          await options?.eachBatch?.(payload)
        },
      })
    return consumer
  }
}

function note(batch: number, records: Record<string, number[]>, answer: string): void {
  const { beganMicros } = JSON.parse(answer) as { beganMicros: number }
  for (const [key, offsets] of Object.entries(records)) {
    for (const offset of offsets) {
      const from = handedOver.get(`${key}/${offset}`) ?? 0
      result.waited.push(((cut.get(batch) ?? 0) - from) / 1_000)
      result.total.push((beganMicros - from) / 1_000)
    }
  }
  if (result.total.length >= count) void end()
}

async function end(): Promise<void> {
  const { user, system } = process.cpuUsage(cpu)
  result.cpuMicros = (user + system) / result.total.length
  await mapping.stop()
  await invoked.close()
  console.log(JSON.stringify(result))
}
