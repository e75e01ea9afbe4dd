// Keeps the newest invocations' events, so that any of them can be saved and run again under a debugger.
import type { HappeningBody } from '../event-source-mapping/happening.ts'

export interface KeptInvocation {
  batch: number
  attempt: number
  count: number
  bytes: number
  /** Since 1970. */
  at: number
}

/** Many, because batches are small while little happens, and a person needs some seconds; an event may have 6 MB. */
const invocationsMax = 1_000
const listedMax = 20
const bytesMax = 32 * 1024 * 1024

export class RecentEvents {
  #bytes = 0
  #kept: { invocation: KeptInvocation; event: string }[] = []

  /** Keeps the event of an invocation that was just told. */
  keep({ batch, attempt, count, bytes, t }: Extract<HappeningBody, { type: 'invoke' }> & { t: number }, event: string) {
    this.#kept.push({ invocation: { batch, attempt, count, bytes, at: t }, event })
    this.#bytes += event.length
    while (this.#kept.length > invocationsMax || (this.#bytes > bytesMax && this.#kept.length > 1)) {
      this.#bytes -= this.#kept.shift()?.event.length ?? 0
    }
  }

  /** The newest 20, newest first. */
  invocations(): KeptInvocation[] {
    const newest = this.#kept.slice(-listedMax)
    return newest.map(({ invocation }) => invocation).reverse()
  }

  /** The event's JSON of the newest attempt of a batch. */
  find(batch: number): string | undefined {
    return this.#kept.findLast(({ invocation }) => invocation.batch === batch)?.event
  }
}
