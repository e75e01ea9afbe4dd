// Takes up changes of a function's source, and says so; broken source changes nothing.
import { type Bundle, type BundleOutcome, bundleHandler } from './bundle.ts'
import { watchSources } from './watch.ts'

export interface ReloadOptions {
  name: string
  handler: string
  inspect?: boolean
  first: BundleOutcome
  /** Given each bundle that differs from the one before. */
  replace: (bundle: Bundle) => void
  say: (message: string) => void
}

export function reloadOnChange(options: ReloadOptions): { close(): void } {
  const { name, handler, first, replace, say } = options
  let good = first.result instanceof Error ? null : first.result
  /** Why the newest source cannot be taken up; said once, however often it is saved. */
  let complaint = first.result instanceof Error ? first.result.message : null
  let building = false
  let changedMeanwhile = false
  let closed = false

  async function rebuild(): Promise<void> {
    changedMeanwhile = building
    if (building) return
    building = true
    const startedAt = performance.now()
    const outcome = await bundleHandler(handler, options)
    building = false
    if (closed) return
    take(outcome, performance.now() - startedAt)
    if (changedMeanwhile) await rebuild()
  }

  function take({ result, sources }: BundleOutcome, tookMs: number): void {
    follow({ result, sources })
    if (result instanceof Error) {
      if (complaint === result.message) return
      complaint = result.message
      say(`${name} is not reloaded, ${good ? 'the code before goes on' : 'and has no code yet'}: ${complaint}`)
      return
    }
    // A save that changes nothing in the code replaces nothing: environments stay warm.
    if (result.file !== good?.file) {
      replace(result)
      say(`${name} reloaded in ${Math.round(tookMs)} ms`)
    } else if (complaint) say(`${name} builds again, unchanged`)
    good = result
    complaint = null
  }

  function follow({ result, sources }: BundleOutcome): void {
    // What was read last stays watched when the new source cannot be read to its end.
    const failed = result instanceof Error
    followed = failed ? [...new Set([...followed, ...sources])] : sources
    watch.follow(followed, { neighbours: failed })
  }

  let followed: string[] = []
  const watch = watchSources(() => void rebuild(), say)
  follow(first)
  return {
    close() {
      closed = true
      watch.close()
    },
  }
}
