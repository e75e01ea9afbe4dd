// The execution environments of one function: which of them takes the next invocation, and when one is replaced.
import { randomUUID } from 'node:crypto'
import type { Bundle } from './bundle.ts'
import { root } from './bundle-entry.mjs'
import { platformError } from './function-error.ts'
import { abortedErrorType, type InvocationFigures, type InvokeResult } from './invoke-result.ts'
import { initMsMax } from './limits.ts'
import { endLines, initReportLine, initStartLine, startLine, timedOutLine } from './report.ts'
import { type Answer, Sandbox } from './sandbox.ts'
import { functionVariables } from './variables.ts'

export interface LogLine {
  function: string
  /** null: printed outside of any invocation. */
  requestId: string | null
  /** `platform`: Lambda's own START, END and REPORT. */
  stream: 'stdout' | 'stderr' | 'platform'
  line: string
}

export interface PoolOptions {
  name: string
  handler: string
  env: Record<string, string>
  timeoutMs: number
  memoryMB: number
  concurrencyMax: number
  inspect?: boolean
  warm?: boolean
  onLog?: (log: LogLine) => void
  /** Absolute path of the bundled environment.ts. */
  entry: string
  /** The function's code, or why there is none. */
  code: Bundle | Error
}

interface Member {
  sandbox: Sandbox
  code: Bundle
  busy: boolean
  /** It has answered before. */
  used: boolean
}

export class EnvironmentPool {
  readonly #options: PoolOptions
  #code: Bundle | Error
  /** The most recently used last: it is the next to be used, so that the rest may stay cold, as in Lambda. */
  #members: Member[] = []
  #closed = false

  constructor(options: PoolOptions) {
    this.#options = options
    this.#code = options.code
    this.#warmUp()
  }

  /** @throws Error after `close`. */
  async invoke(event: string): Promise<InvokeResult> {
    if (this.#closed) throw new Error(`${this.#options.name} is closed`)
    const requestId = randomUUID()
    if (this.#code instanceof Error) return this.#codeError(requestId, this.#code)
    const member = this.#take(this.#code)
    if (!member) return { kind: 'throttled' }
    const { sandbox } = member
    const coldStart = !member.used
    const initError = await sandbox.initialized
    const startedAt = performance.now()
    this.#say(requestId, startLine(requestId))
    const answer = initError ? { error: initError } : await sandbox.invoke(requestId, event)
    const durationMs = performance.now() - startedAt
    const { initMs, memoryUsedMB } = sandbox
    this.#release(member)
    return this.#result(answer, { requestId, durationMs, coldStart, memoryUsedMB, ...(coldStart && { initMs }) })
  }

  /** From now on this code is run. Environments that are at work finish first. */
  replace(code: Bundle): void {
    this.#code = code
    for (const member of this.#members) if (!member.busy) void member.sandbox.stop()
    this.#warmUp()
  }

  async abort(): Promise<void> {
    await Promise.all(this.#members.filter(({ busy }) => busy).map(({ sandbox }) => sandbox.stop()))
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#members.map(({ sandbox }) => sandbox.stop()))
  }

  #take(code: Bundle): Member | null {
    this.#members = this.#members.filter(({ sandbox }) => !sandbox.gone)
    const warm = this.#members.findLast((member) => !member.busy)
    if (!warm && this.#members.length >= this.#options.concurrencyMax) return null
    const member = warm ?? this.#start(code)
    member.busy = true
    return member
  }

  #release(member: Member): void {
    member.busy = false
    member.used = true
    this.#members = this.#members.filter((other) => other !== member)
    if (member.sandbox.gone) return
    if (this.#code === member.code) this.#members.push(member)
    else void member.sandbox.stop()
  }

  #warmUp(): void {
    if (this.#options.warm && !(this.#code instanceof Error)) this.#start(this.#code)
  }

  #start(code: Bundle): Member {
    const { name, handler, memoryMB, timeoutMs, env, entry, inspect = false } = this.#options
    const logStreamName = `local/[$LATEST]${randomUUID().replaceAll('-', '')}`
    const variables = functionVariables({
      functionName: name,
      handler,
      memoryMB,
      taskRoot: root,
      logStreamName,
      given: env,
    })
    this.#say(null, initStartLine(process.versions.node, variables.AWS_REGION ?? ''))
    const sandbox = new Sandbox({
      entry,
      variables,
      timeoutMs,
      initMsMax,
      inspect,
      data: {
        ...code,
        handler,
        functionName: name,
        memoryMB,
        frozenRemainingMs: inspect ? timeoutMs : null,
        logStreamName,
        // The account number of Amazon's own examples: there is no account here.
        invokedFunctionArn: `arn:aws:lambda:${variables.AWS_REGION}:123456789012:function:${name}`,
      },
      onLog: ({ requestId, stream, lines }) => {
        for (const line of lines) this.#options.onLog?.({ function: name, requestId, stream, line })
      },
    })
    // Said even when nobody waits for it yet: an environment that was started ahead.
    void sandbox.initialized.then((error) => {
      if (error && error.errorType !== abortedErrorType) this.#say(null, initReportLine(sandbox.initMs, error))
    })
    const member = { sandbox, code, busy: false, used: false }
    this.#members.push(member)
    return member
  }

  #result(answer: Answer, figures: InvocationFigures): InvokeResult {
    const error = 'error' in answer ? answer.error : undefined
    if (error?.errorType === 'Sandbox.Timedout') {
      this.#say(figures.requestId, timedOutLine(figures.requestId, Date.now(), this.#options.timeoutMs))
    }
    for (const line of endLines(figures, this.#options.memoryMB, error)) this.#say(figures.requestId, line)
    return 'error' in answer
      ? { kind: 'function-error', ...answer.error, ...figures }
      : { kind: 'ok', payload: answer.payload, ...figures }
  }

  #codeError(requestId: string, error: Error): InvokeResult {
    const figures = { requestId, durationMs: 0, coldStart: true, memoryUsedMB: 0 }
    return this.#result({ error: platformError('Runtime.UserCodeSyntaxError', requestId, error.message) }, figures)
  }

  #say(requestId: string | null, line: string): void {
    this.#options.onLog?.({ function: this.#options.name, requestId, stream: 'platform', line })
  }
}
