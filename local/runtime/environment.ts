// Lambda's runtime, inside an execution environment: loads the handler once, then answers one invocation at a time.
import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import type { LambdaContext } from '../../functions/lambda/kafka-event.ts'
import { lambdaConsole, loggedError } from './console-lines.ts'
import { platformError, toFunctionError, toRejectionError } from './function-error.ts'
import type { FunctionError } from './invoke-result.ts'
import { payloadBytesMax } from './limits.ts'
import { logLines } from './log-lines.ts'
import { watchMemory } from './memory.ts'
import type { EnvironmentData, FromEnvironment, ToEnvironment } from './messages.ts'
import { logGroupName } from './variables.ts'

type Handler = (event: unknown, context: LambdaContext) => unknown

const data = workerData as EnvironmentData
const port = parentPort
if (!port) throw new Error('expected to run as an execution environment')
const post = (message: FromEnvironment) => port.postMessage(message)

const neverSettled =
  'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes'

let requestId: string | null = null
/** Called when the event loop has become empty. While the handler is loaded, Node ends itself with this code then. */
let nothingLeft = (): void => process.exit(13)
const flushLogs = captureOutput()
Object.assign(
  console,
  lambdaConsole({ write: (text) => process.stdout.write(text), requestId: () => requestId, nowMs: Date.now }),
)
const memory = watchMemory(data.memoryMB, () => {
  const error = platformError('Runtime.OutOfMemory', requestId, 'Runtime exited with error: signal: killed')
  process.stderr.write(`${error.errorMessage}\n`)
  crashWith(error)
})

process.setSourceMapsEnabled(true)
process.on('exit', flushLogs)
process.on('uncaughtException', (error) => crashLoudly('Uncaught Exception', toFunctionError(error)))
process.on('unhandledRejection', (reason) => crashLoudly('Unhandled Promise Rejection', toRejectionError(reason)))
process.on('beforeExit', () => nothingLeft())

initialize().then(
  (handler) => {
    nothingLeft = () => {}
    port.on('message', (message: ToEnvironment) => invoke(handler, message))
    post({ type: 'ready', memoryUsedMB: memory.sample() })
  },
  (thrown) => {
    const error = toFunctionError(thrown)
    console.error('Uncaught Exception', loggedError(error))
    flushLogs()
    post({ type: 'init-failed', error })
  },
)

async function initialize(): Promise<Handler> {
  const module: Record<string, unknown> = await load(data.file)
  const handler = module[data.exportName]
  if (typeof handler !== 'function') {
    throw named('Runtime.HandlerNotFound', `${data.handler} is undefined or not exported`)
  }
  if (handler.length > 2) {
    // The words of Lambda's Node 24 runtime, which dropped them; Node 20's still has them. We never do.
    throw named('Runtime.CallbackHandlerDeprecated', `${data.handler} takes a callback; make it an async function`)
  }
  return handler as Handler
}

async function invoke(handler: Handler, message: ToEnvironment): Promise<void> {
  requestId = message.requestId
  memory.start()
  let answer: FromEnvironment
  try {
    const payload = toPayload(await settled(handler, JSON.parse(message.event), contextOf(message)))
    answer = { type: 'answer', payload, memoryUsedMB: 0 }
  } catch (thrown) {
    const error = toFunctionError(thrown)
    console.error('Invoke Error', loggedError(error))
    answer = { type: 'failed', error, memoryUsedMB: 0 }
  }
  memory.stop()
  flushLogs()
  post({ ...answer, memoryUsedMB: memory.sample() })
  requestId = null
}

/** https://github.com/aws/aws-lambda-nodejs-runtime-interface-client, src/UserFunction.js */
async function load(file: string): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(file).href)
  } catch (error) {
    if (error instanceof SyntaxError) throw named('Runtime.UserCodeSyntaxError', String(error))
    const { code } = error as { code?: unknown }
    const isMissing = code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND'
    throw isMissing ? named('Runtime.ImportModuleError', String(error)) : error
  }
}

/**
 * The handler's answer. With an event loop that has become empty, nothing can come any more: that fails an async handler and
 * is an answer of null from any other, as in Lambda (src/Runtime.js there). The port alone must not keep the loop.
 */
function settled(handler: Handler, event: unknown, context: LambdaContext): Promise<unknown> {
  return new Promise((resolve, reject) => {
    nothingLeft = () => {
      port?.ref()
      if (handler.constructor.name !== 'AsyncFunction') resolve(null)
      else reject(named('Runtime.NodeJsExit', neverSettled))
    }
    port?.unref()
    Promise.resolve(handler(event, context)).then(resolve, reject)
  }).finally(() => {
    nothingLeft = () => {}
    port?.ref()
  })
}

/** @throws what becomes the function's error when the answer is no JSON, or too large. */
function toPayload(answer: unknown): string {
  const payload = serialized(answer)
  const bytes = Buffer.byteLength(payload)
  if (bytes <= payloadBytesMax) return payload
  throw named(
    'Function.ResponseSizeTooLarge',
    `Response payload size (${bytes} bytes) exceeded maximum allowed payload size (${payloadBytesMax} bytes).`,
  )
}

function serialized(answer: unknown): string {
  try {
    return JSON.stringify(answer) ?? 'null'
  } catch {
    throw new Error('Unable to stringify response body')
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html, without client context and identity (mobile clients). */
function contextOf(message: ToEnvironment): LambdaContext {
  return {
    functionName: data.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: data.invokedFunctionArn,
    memoryLimitInMB: String(data.memoryMB),
    awsRequestId: message.requestId,
    logGroupName: logGroupName(data.functionName),
    logStreamName: data.logStreamName,
    // Told, not heeded: an answer never waits for what else the handler has started.
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => data.frozenRemainingMs ?? Math.max(0, message.deadlineMs - Date.now()),
  }
}

/**
 * Sends what is printed as lines, by the same port as the answer, so that no line comes after it.
 * What a library writes to file descriptor 1 itself is not seen here: it goes to the process's own output.
 */
function captureOutput(): () => void {
  const streams = (['stdout', 'stderr'] as const).map((stream) => {
    const lines = logLines()
    const send = (complete: string[]) => {
      if (complete.length > 0) post({ type: 'log', requestId, stream, lines: complete })
    }
    process[stream].write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
      send(lines.add(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()))
      const written = rest.find((argument) => typeof argument === 'function')
      if (written) queueMicrotask(written as () => void)
      return true
    }
    return () => send(lines.flush())
  })
  return () => {
    for (const flush of streams) flush()
  }
}

/** `what` is the runtime's own word for it. */
function crashLoudly(what: string, error: FunctionError): void {
  console.error(what, loggedError(error))
  crashWith(error)
}

function crashWith(error: FunctionError): void {
  flushLogs()
  post({ type: 'crashed', error, memoryUsedMB: memory.sample() })
  process.exit(1)
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name })
}
