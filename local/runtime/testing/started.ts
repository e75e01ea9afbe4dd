// Functions of fixtures/handlers.ts for tests, which end when the test does.
import { onTestFinished } from 'vitest'
import { type FunctionOptions, type LocalFunction, type LogLine, startFunction } from '../function.ts'
import type { InvokeResult } from '../invoke-result.ts'

export async function start(exportName: string, options: Partial<FunctionOptions> = {}): Promise<LocalFunction> {
  const started = await startFunction({
    name: 'shop',
    handler: `local/runtime/fixtures/handlers.${exportName}`,
    env: {},
    timeoutMs: 5_000,
    memoryMB: 128,
    concurrencyMax: 1,
    ...options,
  })
  onTestFinished(() => started.close())
  return started
}

/** The answer of a successful invocation. */
export function answerOf(result: InvokeResult): unknown {
  if (result.kind !== 'ok') throw new Error(`not ok: ${JSON.stringify(result)}`)
  return JSON.parse(result.payload)
}

/** One invocation with what it logged. */
export async function logOf(
  handler: string,
  event: string,
  options: Partial<FunctionOptions> = {},
): Promise<{ lines: LogLine[]; result: InvokeResult }> {
  const lines: LogLine[] = []
  const invoked = await start(handler, { ...options, onLog: (line) => lines.push(line) })
  return { result: await invoked.invoke(event), lines }
}
