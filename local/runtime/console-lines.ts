// Makes what a function prints by its console look as Lambda's text format has it: time, request id, level and message, between tabs.
// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html and, for the exact form, src/LogPatch.js of
// https://github.com/aws/aws-lambda-nodejs-runtime-interface-client
import { format } from 'node:util'
import type { FunctionError } from './invoke-result.ts'

const levels = {
  trace: 'TRACE',
  debug: 'DEBUG',
  info: 'INFO',
  log: 'INFO',
  warn: 'WARN',
  error: 'ERROR',
  fatal: 'FATAL',
} as const

/** The methods that Lambda's runtime replaces; others of the console write as they do anywhere. */
export type LambdaConsole = Record<keyof typeof levels, (...what: unknown[]) => void>

export interface ConsoleOptions {
  write(text: string): void
  /** null: outside of any invocation. */
  requestId(): string | null
  /** Since 1970. */
  nowMs(): number
}

/**
 * A message of several lines keeps them: the first one carries the head. Lambda keeps such a message together as one event of its
 * log; ours has lines.
 */
export function lambdaConsole({ write, requestId, nowMs }: ConsoleOptions): LambdaConsole {
  const methods = Object.entries(levels).map(([method, level]) => {
    const print = (...what: unknown[]) => {
      // The word is Lambda's own for an invocation that there is not.
      const head = [new Date(nowMs()).toISOString(), requestId() ?? 'undefined', level]
      write(`${[...head, format(...what)].join('\t')}\n`)
    }
    return [method, print]
  })
  return Object.fromEntries(methods)
}

/** An error as Lambda's runtime logs it, to be printed behind what it is called there, such as `Invoke Error`. */
export function loggedError({ errorType, errorMessage, trace }: FunctionError): string {
  return `\t${JSON.stringify({ errorType, errorMessage, stack: trace })}`
}
