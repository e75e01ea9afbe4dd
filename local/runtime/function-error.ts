// Turns whatever a handler threw into the error that Lambda reports.
import { isNativeError } from 'node:util/types'
import type { FunctionError } from './invoke-result.ts'
import { errorMessageCharsMax, traceLinesMax } from './limits.ts'

/**
 * The same fields as Lambda's Node runtime sends: an Error, or what looks like one, gives its name, message and stack;
 * anything else gives its type and text. https://github.com/aws/aws-lambda-nodejs-runtime-interface-client, src/Errors.js.
 * Our choice: both are cut to a bounded length.
 */
export function toFunctionError(thrown: unknown): FunctionError {
  // A promise that is rejected with nothing.
  if (thrown === undefined || thrown === null) return { errorType: 'string', errorMessage: 'handled', trace: [] }
  try {
    if (!isError(thrown)) return { errorType: typeof thrown, errorMessage: cut(String(thrown)), trace: [] }
    return { errorType: cut(String(thrown.name)), errorMessage: cut(String(thrown.message)), trace: traceOf(thrown) }
  } catch {
    const what = 'callback called with Error argument, but there was a problem while retrieving one or more of its'
    return { errorType: 'handled', errorMessage: `${what} message, name, and stack`, trace: [] }
  }
}

/** The error of a rejection that nobody handles. Our choice: the trace is the reason's own, where Lambda's names its runtime. */
export function toRejectionError(reason: unknown): FunctionError {
  const { errorMessage, trace } = toFunctionError(reason)
  const text = reason instanceof Error ? cut(`${reason.name}: ${errorMessage}`) : errorMessage
  const errorType = 'Runtime.UnhandledPromiseRejection'
  return { errorType, errorMessage: text, trace: [`${errorType}: ${text}`, ...trace.slice(1)] }
}

/** An error that is the platform's to report, in the words of Lambda's own: `RequestId: ... Error: ...`. */
export function platformError(errorType: string, requestId: string | null, message: string): FunctionError {
  const prefix = requestId === null ? '' : `RequestId: ${requestId} `
  return { errorType, errorMessage: `${prefix}Error: ${message}`, trace: [] }
}

/** Errors of another realm are no instances of this one's. */
function isError(thrown: unknown): thrown is Error {
  if (isNativeError(thrown)) return true
  const { name, message, stack } = thrown as Partial<Error>
  return [name, message, stack].every((text) => typeof text === 'string' && text !== '')
}

function traceOf({ stack }: Error): string[] {
  return String(stack ?? '')
    .slice(0, errorMessageCharsMax)
    .split('\n')
    .slice(0, traceLinesMax)
}

function cut(text: string): string {
  return text.length <= errorMessageCharsMax ? text : `${text.slice(0, errorMessageCharsMax)}...`
}
