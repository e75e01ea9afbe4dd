// The lines that Lambda itself writes around an invocation.
import type { FunctionError, InvocationFigures } from './invoke-result.ts'

/**
 * Before a handler is loaded. The version is that of Node here, and the ARN's digits are zeros: there is no managed runtime.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html
 */
export function initStartLine(nodeVersion: string, region: string): string {
  const [major, minor] = nodeVersion.split('.')
  const arn = `arn:aws:lambda:${region}::runtime:${'0'.repeat(64)}`
  return `INIT_START Runtime Version: nodejs:${major}.v${minor}\tRuntime Version ARN: ${arn}`
}

/** `nowMs`: since 1970. */
export function timedOutLine(requestId: string, nowMs: number, timeoutMs: number): string {
  return `${new Date(nowMs).toISOString()} ${requestId} Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`
}

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
