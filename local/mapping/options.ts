// The options of `npm run mapping`, and the variables that stand in for those that are absent.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { PipelineError } from '../../functions/errors.ts'
import type { Backoff } from '../event-source-mapping/backoff.ts'
import type { HealthAddress } from '../probes.ts'

export interface MappingCommand {
  /** A mapping of `infra/pipeline.ts`; or else `mapping` and `handler` are there. */
  pipeline?: string
  /** The file with the JSON of CreateEventSourceMapping. */
  mapping?: string
  /** In Lambda's notation, absolute. */
  handler?: string
  brokers?: string[]
  group?: string
  events?: string
  retryBackoffMs?: Backoff
  health?: HealthAddress
  env?: Record<string, string>
  /** What a record does not have is written as null, instead of left out. */
  nulls?: true
  data: string
}

/** Reads the command line (without `node` and the file). Prints help or a complaint and exits where that is due. */
export function readMappingOptions(args: string[]): MappingCommand {
  const command = new Command('npm run mapping --')
    .description('Runs one event source mapping against any Kafka. Several of them in one group share its partitions.')
    .addOption(
      new Option(
        '--pipeline <name>',
        'a mapping of infra/pipeline.ts, with its function, limits and variables',
      ).conflicts(['mapping', 'handler']),
    )
    .option(
      '--mapping <file>',
      'the JSON of CreateEventSourceMapping, and "Function": {"Timeout": s, "MemorySize": MB}',
    )
    .option('--handler <file#export>', 'the handler, for instance functions/consumer/handler.ts#handler', toHandler)
    .addOption(
      new Option('--brokers <host:port,...>', "the Kafka to read, in place of the mapping's own")
        .env('KAFKA_BOOTSTRAP_SERVERS')
        .argParser(toBrokers),
    )
    .addOption(new Option('--group <id>', "the consumer group, in place of the mapping's own").env('CONSUMER_GROUP_ID'))
    .option('--health <host:port>', 'answer GET /ready and GET /live there', toAddress)
    .option('--events <file>', 'append one line of JSON for each thing that happens')
    .option('--retry-backoff-ms <min..max>', 'how long a failed batch waits (default: 1000..30000)', toBackoff)
    .option('--env <KEY=VALUE>', 'one more variable for the handler; may be repeated', addVariable)
    .option('--nulls', 'write a key or value that a record does not have as null, instead of leaving it out')
    .option('--data <dir>', 'where destinations and the local store lie', '.freshet')
    .addHelpText(
      'after',
      '\nThe handler sees this environment. SIGTERM finishes the running batch, commits, and leaves the group.' +
        "\nWhat LoggingConfig asks for of Lambda's system log goes to the error output, one JSON object a line.",
    )
    .allowExcessArguments(false)
  const options = command.parse(args, { from: 'user' }).opts<MappingCommand>()
  if (options.pipeline === undefined && (options.mapping === undefined || options.handler === undefined)) {
    command.error('error: --pipeline NAME is needed, or --mapping FILE and --handler FILE#EXPORT')
  }
  return options
}

/** @throws PipelineError CONFIG_INVALID when the file cannot be read or is no JSON */
export function readMappingFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new PipelineError('CONFIG_INVALID', `--mapping ${file}: ${(cause as Error).message}`, { cause })
  }
}

/** Lambda's notation, from a file and an export. */
function toHandler(text: string): string {
  const [file = '', name] = text.split('#')
  if (!name || !/\.m?[jt]s$/.test(file)) throw new InvalidArgumentError('Expected path/to/file.ts#export.')
  return `${resolve(file).replace(/\.m?[jt]s$/, '')}.${name}`
}

function toBrokers(text: string): string[] {
  const brokers = text.split(',').map((broker) => broker.trim())
  if (brokers.every((broker) => splitAddress(broker))) return brokers
  throw new InvalidArgumentError('Expected host:port, or several joined by commas.')
}

/** `host:port`; an IPv6 address stands in brackets. */
export function toAddress(text: string): HealthAddress {
  const address = splitAddress(text)
  if (address) return address
  throw new InvalidArgumentError('Expected host:port, for instance 0.0.0.0:8080.')
}

function splitAddress(text: string): HealthAddress | null {
  const [, inBrackets, name, port] = /^(?:\[([0-9a-f:]+)\]|([^\s:,/]+)):(\d{1,5})$/i.exec(text) ?? []
  const host = inBrackets ?? name
  return host !== undefined && Number(port) <= 65_535 ? { host, port: Number(port) } : null
}

function toBackoff(text: string): Backoff {
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
