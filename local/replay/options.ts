// The options of `npm run replay`.
import { join, resolve } from 'node:path'
import { Command, Option } from 'commander'
import { PipelineError } from '../../functions/errors.ts'
import { pipeline } from '../../infra/pipeline.ts'
import { type From, parseFrom } from './from.ts'

export interface ReplayOptions {
  /** null: the group's figures are rebuilt, and its offsets stay. */
  from: From | null
  group: string
  topic: string
  /** True: only shows what would be done. */
  dryRun: boolean
  /** Absolute: the folder of the local stack. */
  data: string
  /** The store of a stopped stack. */
  store: string
  /** The story whose rules and folder these are. */
  scenario?: string
  /** A Kafka whose group is run by somebody else; absent: the local stack's. */
  brokers?: string
}

/**
 * Reads the command line (without `node` and the file). Prints help or a complaint and exits where that is due.
 *
 * @throws PipelineError CONFIG_INVALID
 */
export function readReplayOptions(args: string[]): ReplayOptions {
  const command = new Command('npm run replay --')
    .description('Reads records again: what is stored counts as redelivered, what is missing is stored.')
    .option('--from <where>', 'earliest, an ISO time (UTC unless it says), or partition:offset,...')
    .option(
      '--rebuild',
      "make the group's figures anew from the topic instead; the old ones are served meanwhile",
      false,
    )
    .option('--group <name>', 'the consumer group', pipeline.shop.group)
    .option('--topic <name>', "the topic (default: the one the group's mapping reads)")
    .option('--dry-run', 'show what would be read again, and change nothing', false)
    .option('--data <dir>', "the folder of the local stack, running or not (default: .freshet, or the scenario's)")
    .addOption(
      new Option('--scenario <name>', 'the story that the stack plays').choices(Object.keys(pipeline.scenarios)),
    )
    .option('--store <url>', 'the store, for a stopped stack or a rebuild (default: SQLite in the data directory)')
    .option('--brokers <host:port,...>', 'move a group on this Kafka instead; nobody may be reading in it')
    .allowExcessArguments(false)
  const read = command
    .parse(args, { from: 'user' })
    .opts<Record<string, string> & { dryRun: boolean; rebuild: boolean }>()
  const { from, group = '', brokers, scenario } = read
  const mapping = pipeline.mappings.find(({ consumerGroupId }) => consumerGroupId === group)
  const data = resolve(read.data ?? join('.freshet', scenario ?? ''))
  if (read.rebuild === (from !== undefined)) {
    throw new PipelineError('CONFIG_INVALID', 'expected --from or --rebuild, and not both', { hint: 'See --help.' })
  }
  return {
    from: from === undefined ? null : parseFrom(from),
    group,
    topic: read.topic ?? mapping?.settings.Topics[0] ?? pipeline.shop.topic,
    dryRun: read.dryRun,
    data,
    store: read.store ?? `sqlite:${data}/freshet.db`,
    ...(scenario !== undefined && { scenario }),
    ...(brokers !== undefined && { brokers }),
  }
}
