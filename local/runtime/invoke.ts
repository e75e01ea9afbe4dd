// `npm run invoke -- <function> <event.json>`: one invocation, with its answer, its logs, its time and its memory.
import { readFileSync } from 'node:fs'
import inspector from 'node:inspector'
import { resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { PipelineError } from '../../functions/errors.ts'
import { pipelineEnvironment } from '../../infra/environment.ts'
import { type FunctionDescription, pipeline } from '../../infra/pipeline.ts'
import { startFunction } from './function.ts'
import type { InvokeResult } from './invoke-result.ts'
import { payloadBytesMax } from './limits.ts'

interface InvokeOptions {
  env?: Record<string, string>
  data: string
  inspect?: number
}

/** For a handler that is given by its path, and so has no description. */
const undescribed = { timeoutSeconds: 60, memoryMB: 512 }

// Lambda's clock shows UTC. Threads share the process's time zone, so it can only be set here.
process.env.TZ = 'UTC'

const command = new Command('npm run invoke --')
  .description('Runs one invocation of a function, as the pipeline would here.')
  .argument('<function>', `${Object.keys(pipeline.functions).join(', ')}, or a handler as path/to/file.exportName`)
  .argument('<event.json>', "a file with the event's JSON; - reads it from the standard input")
  .option('--env <KEY=VALUE>', 'one more variable for the function; may be repeated', addVariable)
  .option('--data <dir>', 'where the local store lies', '.freshet')
  .addOption(
    new Option('--inspect [port]', 'wait for a debugger to attach; the time-out stands still')
      .argParser(toPort)
      .preset('9229'),
  )
  .addHelpText(
    'after',
    '\nThe answer goes to the standard output, everything else to the error output. Exits 1 when the function fails.' +
      '\nKAFKA_BOOTSTRAP_SERVERS and STORE_URL are taken from the environment when they are set there.',
  )
const options = command.parse().opts<InvokeOptions>()
const [name = '', file = ''] = command.args

try {
  const result = await invokeOnce(name, file, options)
  print(result)
  process.exitCode = result.kind === 'ok' ? 0 : 1
} catch (error) {
  const hint = error instanceof PipelineError ? `\n${error.hint}` : ''
  process.stderr.write(`${(error as Error).message}${hint}\n`)
  process.exitCode = 1
}

async function invokeOnce(name: string, file: string, options: InvokeOptions): Promise<InvokeResult> {
  const { handler, timeoutSeconds, memoryMB } = findFunction(name)
  const event = readEvent(file)
  const inspect = options.inspect !== undefined
  if (inspect) inspector.open(options.inspect, '127.0.0.1', true)
  const invoked = await startFunction({
    name: handler === name ? 'function' : name,
    handler,
    env: environment(options),
    timeoutMs: timeoutSeconds * 1000,
    memoryMB,
    concurrencyMax: 1,
    inspect,
    onLog: ({ line }) => process.stderr.write(`${line}\n`),
  })
  try {
    return await invoked.invoke(event)
  } finally {
    await invoked.close()
  }
}

function findFunction(name: string): FunctionDescription {
  if (Object.hasOwn(pipeline.functions, name)) return pipeline.functions[name as keyof typeof pipeline.functions]
  if (name.includes('/')) return { handler: name, ...undescribed }
  const names = Object.keys(pipeline.functions).join(', ')
  throw new PipelineError('HANDLER_NOT_FOUND', `there is no function '${name}'`, {
    hint: `infra/pipeline.ts has ${names}; a handler is given as path/to/file.exportName.`,
  })
}

function readEvent(file: string): string {
  let text: string
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8')
    JSON.parse(text)
  } catch (cause) {
    throw new PipelineError('EVENT_FILE_INVALID', `${file}: ${(cause as Error).message}`, { cause })
  }
  if (Buffer.byteLength(text) <= payloadBytesMax) return text
  throw new PipelineError('EVENT_FILE_INVALID', `${file} is larger than the ${payloadBytesMax} bytes that Lambda takes`)
}

function environment({ env, data }: InvokeOptions): Record<string, string> {
  const { STORE_URL, KAFKA_BOOTSTRAP_SERVERS } = process.env
  return {
    ...pipelineEnvironment(),
    STORE_URL: STORE_URL ?? `sqlite:${resolve(data)}/freshet.db`,
    KAFKA_BOOTSTRAP_SERVERS: KAFKA_BOOTSTRAP_SERVERS ?? 'localhost:9092',
    ...env,
  }
}

function print(result: InvokeResult): void {
  if (result.kind === 'throttled') throw new Error('a bug: the only invocation was throttled')
  if (result.kind === 'ok') process.stdout.write(`${JSON.stringify(JSON.parse(result.payload), null, 2)}\n`)
  else {
    const { errorType, errorMessage, trace } = result
    process.stdout.write(`${JSON.stringify({ errorType, errorMessage, trace }, null, 2)}\n`)
  }
  const { durationMs, initMs = 0, memoryUsedMB } = result
  process.stderr.write(
    `${result.kind === 'ok' ? 'ok' : 'failed'}: ${durationMs.toFixed(1)} ms, init ${initMs.toFixed(1)} ms, ` +
      `peak memory ${memoryUsedMB.toFixed(1)} MB\n`,
  )
}

function addVariable(text: string, before: Record<string, string> = {}): Record<string, string> {
  const equals = text.indexOf('=')
  if (equals < 1) throw new InvalidArgumentError('Expected KEY=VALUE.')
  return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) }
}

function toPort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new InvalidArgumentError('Expected a port from 0 to 65535.')
}
