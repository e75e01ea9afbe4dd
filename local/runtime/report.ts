// The lines that Lambda itself writes around an invocation.
import type { FunctionError, InvocationFigures } from './invoke-result.ts'

export function startLine(requestId: string): string {
  return `START RequestId: ${requestId} Version: $LATEST`
}

/** Two lines, tab-separated like Lambda's: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html */
export function endLines(figures: InvocationFigures, memoryMB: number, error?: FunctionError): string[] {
  const { requestId, durationMs, initMs, memoryUsedMB } = figures
  const fields = [
    `REPORT RequestId: ${requestId}`,
    `Duration: ${durationMs.toFixed(2)} ms`,
    `Billed Duration: ${Math.ceil(durationMs + (initMs ?? 0))} ms`,
    `Memory Size: ${memoryMB} MB`,
    `Max Memory Used: ${Math.ceil(memoryUsedMB)} MB`,
  ]
  if (initMs !== undefined) fields.push(`Init Duration: ${initMs.toFixed(2)} ms`)
  if (error?.errorType === 'Sandbox.Timedout') fields.push('Status: timeout')
  else if (error) fields.push('Status: error', `Error Type: ${error.errorType}`)
  return [`END RequestId: ${requestId}`, fields.join('\t')]
}

/** The line for a handler that could not be loaded. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html */
export function initReportLine(initMs: number, error: FunctionError): string {
  const status = error.errorType === 'Sandbox.Timedout' ? 'timeout' : `error\tError Type: ${error.errorType}`
  return `INIT_REPORT Init Duration: ${initMs.toFixed(2)} ms\tPhase: init\tStatus: ${status}`
}
