// `npm run mapping`: one event source mapping by itself, between any Kafka and a handler.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import pc from 'picocolors'
import { PipelineError } from '../../functions/errors.ts'
import { pipelineEnvironment } from '../../infra/environment.ts'
import { type Happening, startMapping } from '../event-source-mapping/mapping.ts'
import { parseSettings } from '../event-source-mapping/settings.ts'
import { startFunction } from '../runtime/function.ts'
import { stableUuid } from '../stable-uuid.ts'
import { batchLine, happeningSentence } from '../terminal/happening.ts'
import { terminalLines } from '../terminal/lines.ts'
import { openEventsFile } from './events-file.ts'

interface MappingCommand {
  mapping: string
  handler: string
  brokers: string[]
  events?: string
  retryBackoffMs?: { min: number; max: number }
  env?: Record<string, string>
  data: string
}

/** For a FILE without `Function`: what `npm run invoke` gives a handler without a description. */
const functionDefaults = { timeoutMs: 60_000, memoryMB: 512 }
/** Beyond the function's own time-out, for its last commit. */
const stopSlackMs = 1_000

const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
// Lambda's clock shows UTC. Threads share the process's time zone, so it can only be set here.
process.env.TZ = 'UTC'

const command = new Command('npm run mapping --')
  .description('Runs one event source mapping against any Kafka. Several of them in one group share its partitions.')
  .requiredOption(
    '--mapping <file>',
    'the JSON of CreateEventSourceMapping, and "Function": {"Timeout": s, "MemorySize": MB}',
  )
  .requiredOption(
    '--handler <file#export>',
    'the handler, for instance functions/consumer/handler.ts#handler',
    toHandler,
  )
  .requiredOption('--brokers <host:port,...>', 'the Kafka to read', (text) => text.split(','))
  .option('--events <file>', 'append one line of JSON for each thing that happens')
  .option('--retry-backoff-ms <min..max>', 'how long a failed batch waits (default: 1000..30000)', toBackoff)
  .option('--env <KEY=VALUE>', 'one more variable for the handler; may be repeated', addVariable)
  .option('--data <dir>', 'where destinations and the local store lie', '.freshet')
  .addHelpText(
    'after',
    '\nThe handler sees this environment. SIGTERM finishes the running batch, commits, and leaves the group.',
  )
  .parse()

try {
  await run(command.opts<MappingCommand>())
} catch (error) {
  const hint = error instanceof PipelineError ? `\n${error.hint}` : ''
  process.stderr.write(`${(error as Error).message}${hint}\n`)
  process.exit(1)
}

async function run({ mapping: file, handler, brokers, events, retryBackoffMs, env, data }: MappingCommand) {
  const json = readMapping(file)
  const { functionName, functionTimeoutMs, functionMemoryMB, consumerGroupId, topic, pollers } = parseSettings(
    json,
    '-',
    {
      brokers,
      nowMs: Date.now(),
    },
  )
  const timeoutMs = functionTimeoutMs ?? functionDefaults.timeoutMs
  const lines = terminalLines({ print: console.log, colors: pc, now: Date.now, timeZone })
  const told = openEventsFile(events)
  const invoked = await startFunction({
    name: functionName?.split(':').at(-1) ?? 'function',
    handler,
    env: { ...environment(brokers, data), ...env },
    timeoutMs,
    memoryMB: functionMemoryMB ?? functionDefaults.memoryMB,
    concurrencyMax: pollers * 5,
    warm: true,
    onLog: ({ line }) => process.stderr.write(`${line}\n`),
  })
  const mapping = await startMapping({
    uuid: stableUuid(`${handler} ${topic} ${consumerGroupId}`),
    settings: json,
    brokers,
    invoke: (event) => invoked.invoke(event),
    destinationsFolder: join(data, 'destinations'),
    membersFolder: join(data, 'members'),
    stopMsMax: timeoutMs + stopSlackMs,
    ...(retryBackoffMs && { retryBackoffMs }),
    emit(happening) {
      told.write(happening)
      say(happening)
    },
  })
  lines.say('mapping', `${topic} from ${brokers.join(',')}; stop with Ctrl-C`)

  function say(happening: Happening): void {
    const sentence = happeningSentence(happening)
    if (happening.type === 'result' && happening.outcome === 'ok') {
      lines.batch(batchLine(happening, happening.answer ?? ''))
    } else if (sentence) lines.say(sentence.part, sentence.text, sentence.tone)
  }

  let stopping = false
  async function stop(): Promise<void> {
    if (stopping) process.exit(130)
    stopping = true
    lines.say('mapping', 'finishing the running batch; once more to leave at once')
    await mapping.stop()
    await invoked.close()
    told.close()
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop)
}

function readMapping(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new PipelineError('CONFIG_INVALID', `--mapping ${file}: ${(cause as Error).message}`, { cause })
  }
}

/** What a container is given reaches the handler; what Lambda keeps for itself does not. */
function environment(brokers: string[], data: string): Record<string, string> {
  const given = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(_|TZ$|AWS_EXECUTION_ENV$|(AWS_)?LAMBDA_)/.test(entry[0]),
  )
  return {
    ...pipelineEnvironment(),
    STORE_URL: `sqlite:${resolve(data)}/freshet.db`,
    ...Object.fromEntries(given),
    KAFKA_BOOTSTRAP_SERVERS: brokers.join(','),
  }
}

/** Lambda's notation, from a file and an export. */
function toHandler(text: string): string {
  const [file = '', name] = text.split('#')
  if (!name || !/\.m?[jt]s$/.test(file)) throw new InvalidArgumentError('Expected path/to/file.ts#export.')
  return `${resolve(file).replace(/\.m?[jt]s$/, '')}.${name}`
}

function toBackoff(text: string): { min: number; max: number } {
  const [, min, max] = /^(\d+)\.\.(\d+)$/.exec(text) ?? []
  const backoff = { min: Number(min), max: Number(max) }
  if (backoff.min >= 1 && backoff.max >= backoff.min && backoff.max <= 3_600_000) return backoff
  throw new InvalidArgumentError('Expected two numbers of milliseconds, such as 1000..30000.')
}

function addVariable(text: string, before: Record<string, string> = {}): Record<string, string> {
  const equals = text.indexOf('=')
  if (equals < 1) throw new InvalidArgumentError('Expected KEY=VALUE.')
  return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) }
}
