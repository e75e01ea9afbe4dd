// The options of `npm run local`: what may be said, what is taken when it is not, and what is refused.
import { join, resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { tokenSchema } from '../functions/api/guard/access.ts'
import { pipeline, type ScenarioDescription } from '../infra/pipeline.ts'

export interface LocalOptions {
  /** The dashboard's port; 0 = any free one. */
  port: number
  /** The address that the dashboard listens on; this machine alone unless given. */
  host?: string
  /** What the dashboard asks for; needed on any other address. */
  token?: string
  /** The embedded broker's port; 0 = any free one. */
  kafkaPort: number
  /** Absolute. The only place that is written to. */
  data: string
  /** Where the store is; the data directory's SQLite file unless given. */
  store: string
  /** Events per second of the simulated shop. */
  rate: number
  /** False: the simulated shop stays closed. */
  producer: boolean
  /** `host:port,...` of a Kafka to use instead of the embedded broker. */
  brokers?: string
  /** A story that the shop plays, with the settings that make it a short one. */
  scenario?: string
  /** Makes the simulated shop repeat itself. */
  seed?: number
  /** One JSON object a line instead of text. */
  json: boolean
  /** The inspector's port; set: breakpoints work and no time-out runs. */
  inspect?: number
}

const scenarios: Record<string, ScenarioDescription> = pipeline.scenarios

/** As it stands on the command line. */
type Given = Omit<LocalOptions, 'data' | 'store' | 'rate'> & Partial<Pick<LocalOptions, 'data' | 'store' | 'rate'>>

/** Reads the command line (without `node` and the file). Prints help or a complaint and exits where that is due. */
export function readOptions(args: string[]): LocalOptions {
  const command = new Command('npm run local --')
    .description('Runs the whole pipeline here: broker, mapping, functions, store, API and dashboard.')
    .option('--port <n>', "the dashboard's port, 0 = any free one", wholeNumber(65_535), 4000)
    .option('--host <address>', 'the address the dashboard listens on (default: this machine alone)')
    .addOption(
      new Option(
        '--token <text>',
        'what the dashboard asks for; a command line can be seen by others, the variable not',
      ).env('API_TOKEN'),
    )
    .option('--kafka-port <n>', "the embedded broker's port, 0 = any free one", wholeNumber(65_535), 9092)
    .option('--data <dir>', 'where everything is kept (default: .freshet, and a folder in it for each scenario)')
    .option('--store <url>', 'the store (default: SQLite in the data directory)')
    .option(
      '--rate <n>',
      `events per second of the simulated shop (default: ${pipeline.producer.eventsPerSecond}, or the scenario's)`,
      wholeNumber(100_000),
    )
    .option('--no-producer', 'leave the simulated shop closed')
    .option('--brokers <host:port,...>', 'use this Kafka and start no broker', brokerList)
    .addOption(
      new Option('--scenario <name>', 'play a story instead of the even stream').choices(Object.keys(scenarios)),
    )
    .option('--seed <n>', 'make the simulated shop repeat itself', wholeNumber(Number.MAX_SAFE_INTEGER))
    .option('--json', 'print one JSON object a line', false)
    .addOption(
      new Option('--inspect [port]', 'let a debugger attach; time-outs stand still')
        .argParser(wholeNumber(65_535))
        .preset(9229),
    )
    .allowExcessArguments(false)
  const options = command.parse(args, { from: 'user' }).opts<Given>()
  if (options.token !== undefined && !tokenSchema.safeParse(options.token).success) {
    // By hand, because the library would repeat what was given.
    command.error('error: --token or API_TOKEN: expected 16 to 200 letters, digits or any of - . _ ~ + / =')
  }
  const { scenario } = options
  const data = resolve(options.data ?? join('.freshet', scenario ?? ''))
  const { eventsPerSecond } = scenarios[scenario ?? ''] ?? pipeline.producer
  return {
    ...options,
    data,
    store: options.store ?? `sqlite:${data}/freshet.db`,
    rate: options.rate ?? eventsPerSecond,
  }
}

function wholeNumber(max: number) {
  return (text: string): number => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value <= max) return value
    throw new InvalidArgumentError(`Expected a whole number from 0 to ${max}.`)
  }
}

function brokerList(text: string): string {
  const brokers = text.split(',').map((broker) => broker.trim())
  if (brokers.every((broker) => /^[^\s:]+:\d{1,5}$|^\[[0-9a-f:]+\]:\d{1,5}$/i.test(broker))) return brokers.join(',')
  throw new InvalidArgumentError('Expected host:port, or several joined by commas.')
}
