// `npm run schedule`: functions of the description on their schedules, against any Kafka and any store.
import { Command } from 'commander'
import { PipelineError } from '../../functions/errors.ts'
import { type FunctionDescription, pipeline } from '../../infra/pipeline.ts'
import { runCommand } from '../command.ts'
import { givenVariables } from '../given-variables.ts'
import { toAddress } from '../mapping/options.ts'
import type { HealthAddress } from '../probes.ts'
import { type LocalFunction, startFunction } from '../runtime/function.ts'
import type { InvokeResult } from '../runtime/invoke-result.ts'
import { periodMs, scheduleVariables } from '../scheduled.ts'
import { type Beat, serveBeats } from './health.ts'
import { startSchedule } from './schedule.ts'

interface ScheduleCommand {
  once?: true
  health?: HealthAddress
}

const command = new Command('npm run schedule --')
  .description('Invokes functions of infra/pipeline.ts, each once in its period, and never two at a time of one.')
  .argument('<names...>', 'the functions')
  .option('--once', 'invoke each once, in this order, and end; the first failure ends it with 1')
  .option('--health <host:port>', 'answer GET /ready and GET /live there', toAddress)
  .addHelpText('after', '\nThe functions see this environment. SIGTERM ends the running invocations.')
  .parse()

await runCommand(async (say) => {
  const { once, health } = command.opts<ScheduleCommand>()
  const functions = command.args.map((name) => ({ name, ...findFunction(name) }))
  if (once) {
    for (const { name, ...described } of functions) say(`${name} answered ${await invokeOnce(name, described)}`)
    return
  }
  const running = await Promise.all(functions.map(({ name, ...described }) => startOne(name, described)))
  const server = health && (await serveBeats(health, () => running.map(({ beat }) => beat())))
  say(`runs ${command.args.join(', ')}; stop with Ctrl-C`)
  if (server) say(`health on http://${health?.host}:${server.port}/ready and /live`)
  let stopping = false
  async function stop(): Promise<void> {
    if (stopping) process.exit(130)
    stopping = true
    await Promise.all(running.map((one) => one.stop()))
    server?.close()
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop)
})

function findFunction(name: string): FunctionDescription {
  if (Object.hasOwn(pipeline.functions, name)) return pipeline.functions[name as keyof typeof pipeline.functions]
  const hint = `infra/pipeline.ts has ${Object.keys(pipeline.functions).join(', ')}.`
  throw new PipelineError('HANDLER_NOT_FOUND', `there is no function '${name}'`, { hint })
}

function start(
  name: string,
  { handler, timeoutSeconds, memoryMB }: FunctionDescription,
  variables: Record<string, string> = {},
): Promise<LocalFunction> {
  return startFunction({
    name,
    handler,
    env: { ...givenVariables(process.env), ...variables },
    timeoutMs: timeoutSeconds * 1000,
    memoryMB,
    concurrencyMax: 1,
    onLog: ({ line }) => process.stderr.write(`${line}\n`),
  })
}

async function invokeOnce(name: string, described: FunctionDescription): Promise<string> {
  const invoked = await start(name, described)
  try {
    const result = await invoked.invoke('{}')
    if (result.kind === 'ok') return result.payload
    throw new Error(`${name} failed: ${complaintOf(result)}`)
  } finally {
    await invoked.close()
  }
}

interface Running {
  beat(): Beat
  stop(): Promise<void>
}

async function startOne(name: string, described: FunctionDescription): Promise<Running> {
  const invoked = await start(name, described, scheduleVariables(name))
  const period = periodMs(name)
  const beat: Beat = {
    name,
    periodMs: period,
    timeoutMs: described.timeoutSeconds * 1000,
    endedMs: null,
    failure: null,
  }
  const startedMs = Date.now()
  const schedule = startSchedule({
    name,
    periodMs: period,
    onError: (message) => console.error(`${name}: ${message}`),
    async invoke(event) {
      const result = await invoked.invoke(event)
      beat.endedMs = Date.now()
      beat.failure = result.kind === 'ok' ? null : complaintOf(result)
      if (beat.failure) console.error(`${name}: ${beat.failure}`)
    },
  })
  return {
    beat: () => ({ ...beat, endedMs: beat.endedMs ?? startedMs }),
    async stop() {
      schedule.stop()
      await invoked.close()
    },
  }
}

function complaintOf(result: InvokeResult): string {
  return result.kind === 'function-error' ? `${result.errorType}: ${result.errorMessage}` : result.kind
}
