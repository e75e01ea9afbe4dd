// `npm run mapping`: one event source mapping by itself, between any Kafka and a handler.
import { join, resolve } from 'node:path'
import pc from 'picocolors'
import { PipelineError } from '../../functions/errors.ts'
import { pipelineEnvironment } from '../../infra/environment.ts'
import { type Happening, startMapping } from '../event-source-mapping/mapping.ts'
import { startFunction } from '../runtime/function.ts'
import { batchLine, happeningSentence } from '../terminal/happening.ts'
import { type Lines, terminalLines } from '../terminal/lines.ts'
import { openEventsFile } from './events-file.ts'
import { serveHealth } from './health.ts'
import { type MappingCommand, readMappingOptions } from './options.ts'
import { type MappingPlan, planMapping } from './plan.ts'

/** Beyond the function's own time-out, for its last commit. */
const stopSlackMs = 1_000

/** Started when they are needed. An account of AWS has as many by default. https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html */
const environmentsMax = 1_000

const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
// Lambda's clock shows UTC. Threads share the process's time zone, so it can only be set here.
process.env.TZ = 'UTC'

try {
  const command = readMappingOptions(process.argv.slice(2))
  await run(planMapping(command, Date.now()), command)
} catch (error) {
  const hint = error instanceof PipelineError ? `\n${error.hint}` : ''
  process.stderr.write(`${(error as Error).message}${hint}\n`)
  process.exit(1)
}

async function run(plan: MappingPlan, command: MappingCommand): Promise<void> {
  const { settings } = plan
  const { brokers, group, events, retryBackoffMs, nulls, data } = command
  const lines = terminalLines({ print: console.log, colors: pc, now: Date.now, timeZone })
  const told = openEventsFile(events)
  const logToErrors = (line: string) => process.stderr.write(`${line}\n`)
  const invoked = await startFunction({
    ...plan.function,
    env: environment(plan, command),
    concurrencyMax: environmentsMax,
    warm: true,
    onLog: ({ line }) => logToErrors(line),
  })
  const mapping = await startMapping({
    uuid: plan.uuid,
    settings: plan.json,
    ...(brokers && { brokers }),
    ...(group !== undefined && { consumerGroupId: group }),
    functionTimeoutSeconds: plan.function.timeoutMs / 1_000,
    invoke: (event) => invoked.invoke(event),
    destinationsFolder: join(data, 'destinations'),
    membersFolder: join(data, 'members'),
    stopMsMax: plan.function.timeoutMs + stopSlackMs,
    ...(retryBackoffMs && { retryBackoffMs }),
    ...(nulls && { absent: 'null' }),
    emit(happening) {
      told.write(happening)
      say(lines, happening)
    },
    writeSystemLog: (event) => logToErrors(JSON.stringify(event)),
  })
  let stopping = false
  const health = command.health && (await serveHealth(command.health, () => ({ state: mapping.state(), stopping })))
  lines.say('mapping', `${settings.topic} from ${settings.bootstrapServers.join(',')}; stop with Ctrl-C`)
  if (health) lines.say('health', `http://${command.health?.host}:${health.port}/ready and /live`)

  async function stop(): Promise<void> {
    if (stopping) process.exit(130)
    stopping = true
    lines.say('mapping', 'finishing the running batch; once more to leave at once')
    await mapping.stop()
    await invoked.close()
    health?.close()
    told.close()
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop)
}

function say(lines: Lines, happening: Happening): void {
  const sentence = happeningSentence(happening)
  if (happening.type === 'result' && happening.outcome === 'ok') {
    lines.batch('mapping', batchLine(happening, happening.answer ?? ''))
  } else if (sentence) lines.say(sentence.part, sentence.text, sentence.tone)
}

/** What a container is given reaches the handler; what Lambda keeps for itself does not. */
function environment({ settings }: MappingPlan, { data, env }: MappingCommand): Record<string, string> {
  const given = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(_|TZ$|AWS_EXECUTION_ENV$|(AWS_)?LAMBDA_)/.test(entry[0]),
  )
  return {
    ...pipelineEnvironment(),
    STORE_URL: `sqlite:${resolve(data)}/freshet.db`,
    ...Object.fromEntries(given),
    KAFKA_BOOTSTRAP_SERVERS: settings.bootstrapServers.join(','),
    CONSUMER_GROUP_ID: settings.consumerGroupId,
    ...env,
  }
}
