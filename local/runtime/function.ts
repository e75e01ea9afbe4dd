// A function as Lambda runs it: bundled, run in execution environments, and reloaded when its source changes.
import { PipelineError } from '../../functions/errors.ts'
import { bundleHandler, removeOldBundles } from './bundle.ts'
import { bundleEntry } from './bundle-entry.mjs'
import type { InvokeResult } from './invoke-result.ts'
import { payloadBytesMax } from './limits.ts'
import { EnvironmentPool, type LogLine } from './pool.ts'
import { reloadOnChange } from './reload.ts'
import { checkGiven } from './variables.ts'

export type { InvokeResult, LogLine }

const tidyAfterMs = 30_000

export interface FunctionOptions {
  name: string
  /** Lambda's notation: a path from the project's root without its ending, a dot, the exported name. */
  handler: string
  /** All that the function finds in `process.env`, but for Lambda's own variables. */
  env: Record<string, string>
  timeoutMs: number
  memoryMB: number
  /** How many execution environments there may be, and so how many invocations at once. */
  concurrencyMax: number
  /** A debugger may hold the handler: no time-out runs, and the remaining time stays at the full. */
  inspect?: boolean
  /** Take up changes of the source between invocations. */
  watch?: boolean
  /** Start one environment now, so that the first invocation finds it warm. */
  warm?: boolean
  onLog?: (log: LogLine) => void
  /** Told of changes taken up, and of those that cannot be. */
  onReload?: (message: string) => void
}

export interface LocalFunction {
  /**
   * Runs the handler with an event's JSON. What the function does wrong is in the result and never thrown.
   *
   * @throws RangeError when the event is larger than Lambda takes (6,291,556 bytes); Error after `close`.
   */
  invoke(event: string): Promise<InvokeResult>
  /** Ends the running invocations at once; they answer `Sandbox.Aborted`. The next one starts a new environment. */
  abort(): Promise<void>
  /** Ends everything, running invocations too. */
  close(): Promise<void>
}

/**
 * Makes a function ready to be invoked. Source that cannot be bundled is not thrown: with `watch` it may be mended any
 * moment, so until then each invocation answers `Runtime.UserCodeSyntaxError`.
 *
 * @throws PipelineError HANDLER_NOT_FOUND, CONFIG_INVALID (a variable that Lambda keeps for itself).
 */
export async function startFunction(options: FunctionOptions): Promise<LocalFunction> {
  checkGiven(options.name, options.env)
  const [entry, first] = await Promise.all([
    bundleEntry('local/runtime/environment.ts'),
    bundleHandler(options.handler, options),
  ])
  if (first.result instanceof PipelineError) throw first.result
  // Later: the start is when every millisecond counts.
  setTimeout(() => removeOldBundles(Date.now()), tidyAfterMs).unref()
  const pool = new EnvironmentPool({ ...options, entry, code: first.result })
  const replace = pool.replace.bind(pool)
  const reloading = options.watch && reloadOnChange({ ...options, first, replace, say: options.onReload ?? (() => {}) })

  return {
    invoke(event) {
      const bytes = Buffer.byteLength(event)
      if (bytes <= payloadBytesMax) return pool.invoke(event)
      return Promise.reject(new RangeError(`The event has ${bytes} bytes; Lambda takes at most ${payloadBytesMax}`))
    },
    abort: () => pool.abort(),
    async close() {
      if (reloading) reloading.close()
      await pool.close()
    },
  }
}
