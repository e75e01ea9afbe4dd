// `npm run broker`: the broker alone, for any Kafka client on this machine.
import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import { startBroker } from './broker.ts'
import { memoryStorage } from './storage/memory.ts'

const command = new Command('npm run broker --')
  .description('A Kafka broker for this machine: any client connects, and what it acknowledges survives kill -9.')
  .option('--port <n>', 'port to listen on, 0 for any free one', integer(0, 65_535), 9092)
  .option('--data <dir>', 'directory for topics and committed offsets', '.freshet/kafka')
  .addOption(
    new Option('--memory [mb]', 'keep everything in memory, at most so much (256), and nothing on the disk')
      .argParser(integer(1, 1_048_576))
      .preset('256')
      .conflicts('data'),
  )
  .option('--host <name>', 'address to listen on and to tell clients', 'localhost')
  .option('--partitions <n>', 'partitions of topics that are created on demand', integer(1, 1000), 1)
  .option('--fsync', 'acknowledge what is on the disk only, so that it survives a power failure too', false)
  .option('--users <file>', 'JSON file {"name": "password"}; clients then say who they are (SASL PLAIN or SCRAM)')
  .parse()

function integer(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < min || value > max)
      throw new InvalidArgumentError(`Expected ${min} to ${max}.`)
    return value
  }
}

const { port, data, memory, host, partitions, fsync, users } = command.opts<{
  port: number
  data: string
  memory?: number
  host: string
  partitions: number
  fsync: boolean
  users?: string
}>()

function usersIn(file: string | undefined): { users?: Record<string, string> } {
  if (file === undefined) return {}
  const users: unknown = JSON.parse(readFileSync(file, 'utf8'))
  const passwords = typeof users === 'object' && users !== null && !Array.isArray(users) ? Object.values(users) : [null]
  if (!passwords.every((password) => typeof password === 'string')) {
    throw new Error(`${file} must hold {"name": "password", ...}`)
  }
  return { users: users as Record<string, string> }
}

try {
  const place = memory === undefined ? { dataDir: data } : { storage: memoryStorage(memory * 1024 * 1024) }
  const where = memory === undefined ? `data in ${data}` : `all in memory, at most ${memory} MB`
  const log = (line: string) => console.error(line)
  const broker = await startBroker({
    ...place,
    port,
    host,
    defaultPartitions: partitions,
    fsync,
    log,
    ...usersIn(users),
  })
  console.log(`Kafka is ready on ${broker.bootstrap}, ${where}. Stop with Ctrl-C.`)
  const stop = async () => {
    await broker.close()
    process.exit(0)
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException
  const taken =
    code === 'EADDRINUSE' ? `Port ${port} is taken. Choose another with --port N, or 0 for any free one.` : message
  console.error(taken)
  process.exit(1)
}
