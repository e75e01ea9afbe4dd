// One execution environment, seen from outside: a worker thread that takes one invocation at a time and can be stopped.
import { Worker } from 'node:worker_threads'
import { platformError, toFunctionError } from './function-error.ts'
import { abortedErrorType, type FunctionError } from './invoke-result.ts'
import { guardMemory, heapLimitMB } from './memory-guard.ts'
import type { EnvironmentData, FromEnvironment, ToEnvironment } from './messages.ts'

export interface SandboxOptions {
  /** Absolute path of the bundled environment.ts. */
  entry: string
  data: EnvironmentData
  variables: Record<string, string>
  timeoutMs: number
  /** How long loading the handler may take. */
  initMsMax: number
  /** A debugger may hold it: no clock runs. */
  inspect: boolean
  onLog: (log: { requestId: string | null; stream: 'stdout' | 'stderr'; lines: string[] }) => void
}

export type Answer = { payload: string } | { error: FunctionError }

/** A stuck native call cannot be interrupted; an answer waits this long for the thread's end, then goes without. */
const terminateMsMax = 1_000

export class Sandbox {
  /** Settles when the handler is loaded: null, or why it is not. What it took is in `initMs`. */
  readonly initialized: Promise<FunctionError | null>
  initMs = 0
  memoryUsedMB = 0
  /** True once it can take no more invocations. */
  gone = false

  readonly #options: SandboxOptions
  readonly #worker: Worker
  readonly #exited: Promise<void>
  #requestId: string | null = null
  #answer: ((answer: Answer) => void) | null = null
  #initialize: (error: FunctionError | null) => void = () => {}

  constructor(options: SandboxOptions) {
    this.#options = options
    this.#worker = new Worker(options.entry, {
      name: options.data.functionName,
      workerData: options.data,
      env: options.variables,
      // Neither the flags of the process nor its input belong to a function.
      execArgv: [],
      stdin: false,
      resourceLimits: { maxOldGenerationSizeMb: heapLimitMB(options.data.memoryMB) },
    })
    this.initialized = this.#initializing()
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        this.#end(this.#exitError(code))
        resolve()
      })
    })
    this.#worker.on('message', (message: FromEnvironment) => this.#receive(message))
    this.#worker.on('error', (error: Error & { code?: string }) => this.#end(this.#workerError(error)))
  }

  /**
   * Runs one invocation. An environment that times out, crashes or is stopped answers an error and is gone.
   * The caller keeps it to one at a time, and to environments that are initialized.
   */
  invoke(requestId: string, event: string): Promise<Answer> {
    if (this.#answer || this.gone) throw new Error('a bug: this environment is busy or gone')
    const { timeoutMs, inspect } = this.#options
    this.#requestId = requestId
    const message: ToEnvironment = { requestId, event, deadlineMs: Date.now() + timeoutMs }
    this.#worker.postMessage(message)
    return new Promise((resolve) => {
      const clock = inspect ? null : afterMs(timeoutMs, () => this.#timeOut(timeoutMs))
      const guard = this.#guardMemory()
      this.#answer = (answer) => {
        clock?.stop()
        guard.stop()
        this.#answer = null
        this.#requestId = null
        resolve(answer)
      }
    })
  }

  /** Ends the thread, wherever it is; an invocation that runs answers that it was aborted. */
  async stop(): Promise<void> {
    const ended = this.#terminate()
    this.#end(platformError(abortedErrorType, this.#requestId, 'The execution environment was stopped'))
    await ended
  }

  #initializing(): Promise<FunctionError | null> {
    const startedAt = performance.now()
    const { initMsMax } = this.#options
    const seconds = (initMsMax / 1000).toFixed(2)
    return new Promise((resolve) => {
      const clock = this.#options.inspect
        ? null
        : afterMs(initMsMax, () => {
            void this.#terminate()
            this.#end(platformError('Sandbox.Timedout', null, `Initialization timed out after ${seconds} seconds`))
          })
      const guard = this.#guardMemory()
      this.#initialize = (error) => {
        clock?.stop()
        guard.stop()
        this.initMs = performance.now() - startedAt
        if (error) this.gone = true
        this.#initialize = () => {}
        resolve(error)
      }
    })
  }

  #receive(message: FromEnvironment): void {
    if ('memoryUsedMB' in message) this.memoryUsedMB = message.memoryUsedMB
    switch (message.type) {
      case 'ready':
        this.#initialize(null)
        break
      case 'log':
        this.#options.onLog(message)
        break
      case 'answer':
        this.#answer?.({ payload: message.payload })
        break
      case 'failed':
        this.#answer?.({ error: message.error })
        break
      case 'init-failed':
      case 'crashed':
        void this.#terminate()
        this.#end(message.error)
        break
    }
  }

  /** The environment can do no more: whoever waits for it learns why. */
  #end(error: FunctionError): void {
    this.gone = true
    this.#initialize(error)
    this.#answer?.({ error })
  }

  /** The answer comes when the code has really stopped, so that a retry never runs beside it. */
  async #timeOut(timeoutMs: number): Promise<void> {
    const requestId = this.#requestId
    const seconds = (timeoutMs / 1000).toFixed(2)
    const answer = this.#answer
    this.#answer = null
    await this.#terminate()
    answer?.({ error: platformError('Sandbox.Timedout', requestId, `Task timed out after ${seconds} seconds`) })
  }

  #guardMemory(): { stop(): void } {
    return guardMemory(this.#worker, this.#options.data.memoryMB, () => {
      void this.#terminate()
      this.#end(this.#outOfMemory())
    })
  }

  async #terminate(): Promise<void> {
    this.gone = true
    void this.#worker.terminate()
    let timer: NodeJS.Timeout | undefined
    await Promise.race([
      this.#exited,
      new Promise((resolve) => {
        timer = setTimeout(resolve, terminateMsMax)
      }),
    ])
    clearTimeout(timer)
  }

  #exitError(code: number): FunctionError {
    const reason = code === 0 ? 'exited without providing a reason' : `exited with error: exit status ${code}`
    return platformError('Runtime.ExitError', this.#requestId, `Runtime ${reason}`)
  }

  #workerError(error: Error & { code?: string }): FunctionError {
    return error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? this.#outOfMemory() : toFunctionError(error)
  }

  #outOfMemory(): FunctionError {
    this.memoryUsedMB = this.#options.data.memoryMB
    return platformError('Runtime.OutOfMemory', this.#requestId, 'Runtime exited with error: signal: killed')
  }
}

/**
 * A clock that first lets what has already arrived be received: when this thread was kept busy, an answer that came
 * in time must not be taken for a late one.
 */
function afterMs(ms: number, strike: () => void): { stop(): void } {
  let stopped = false
  const timer = setTimeout(() => setImmediate(() => stopped || strike()), ms)
  return {
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
