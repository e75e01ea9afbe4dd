// Resume after kill -9 of the whole stack: from the command to the first new row, while 1,000 events/s want in.
//
// `npm run bench:restart [-- ROUNDS]` prints, for each round, when the stack was ready and when the first row was stored.
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { eventually, freshDirectory, type LocalStack, startLocalStack } from '../local-stack.ts'

const rounds = Number(process.argv[2] ?? 5)
const runMs = 2_000
const tickMs = 10
const eventsPerTick = 10

const directory = freshDirectory()
const ports = ['--port', '24000', '--kafka-port', '24092']
const producer = new Kafka({
  brokers: ['localhost:24092'],
  logLevel: logLevel.NOTHING,
  connectionTimeout: 200,
  retry: { initialRetryTime: 20, maxRetryTime: 50, retries: 2 },
}).producer({ createPartitioner: Partitioners.DefaultPartitioner })

let count = 0
const timer = setInterval(() => {
  const messages = Array.from({ length: eventsPerTick }, () => made(`restart-${count++}`))
  producer.send({ topic: 'retail-events', acks: -1, messages }).catch(() => producer.connect().catch(() => {}))
}, tickMs)

let before = 0
for (let round = 0; round <= rounds; round++) {
  const commandMs = performance.now()
  const stack = await startLocalStack(directory, ['--no-producer', ...ports])
  const readyMs = performance.now() - commandMs
  if (round === 0) await producer.connect()
  await eventually('a new row', async () => (await events(stack)) > before)
  if (round > 0)
    console.log(
      `round ${round}  ready ${readyMs.toFixed(0)} ms  first new row ${(performance.now() - commandMs).toFixed(0)} ms  (${before} rows before)`,
    )
  await new Promise((resolve) => setTimeout(resolve, runMs))
  before = await events(stack)
  await stack.kill()
}
clearInterval(timer)
process.exit(0)

async function events(stack: LocalStack): Promise<number> {
  return (await stack.get<{ events: number }>('/api/summary')).events
}

function made(id: string) {
  const event = { event_id: id, event_type: 'view', user_id: 4242, amount: 12.5, timestamp: new Date().toISOString() }
  return { key: id, value: JSON.stringify(event) }
}
