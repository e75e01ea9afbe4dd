// Turns whatever a handler threw into the error that Lambda reports.
import type { FunctionError } from './invoke-result.ts'
import { errorMessageCharsMax, traceLinesMax } from './limits.ts'

/**
 * The same fields as Lambda's Node runtime sends: an Error gives its name, message and stack; anything else that was
 * thrown gives its type and text. Both are cut to a bounded length.
 */
export function toFunctionError(thrown: unknown, errorType?: string): FunctionError {
  if (!(thrown instanceof Error)) {
    return { errorType: errorType ?? typeof thrown, errorMessage: cut(describe(thrown)), trace: [] }
  }
  return {
    errorType: errorType ?? cut(String(thrown.name)),
    errorMessage: cut(String(thrown.message)),
    trace: String(thrown.stack ?? '')
      .slice(0, errorMessageCharsMax)
      .split('\n')
      .slice(0, traceLinesMax),
  }
}

/** An error that is the platform's to report, in the words of Lambda's own: `RequestId: ... Error: ...`. */
export function platformError(errorType: string, requestId: string | null, message: string): FunctionError {
  const prefix = requestId === null ? '' : `RequestId: ${requestId} `
  return { errorType, errorMessage: `${prefix}Error: ${message}`, trace: [] }
}

function describe(thrown: unknown): string {
  try {
    return String(thrown)
  } catch {
    // An object without a prototype has no text at all.
    return Object.prototype.toString.call(thrown)
  }
}

function cut(text: string): string {
  return text.length <= errorMessageCharsMax ? text : `${text.slice(0, errorMessageCharsMax)}...`
}
