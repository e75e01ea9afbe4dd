// Commits what is resolved, one request at a time; what is resolved meanwhile goes along with the next.
import type { Commit, Commits } from './commits.ts'

const retryMs = 250

export interface CommitterOptions {
  commits: Commits
  /** @throws when Kafka refuses or does not answer */
  commit(offsets: { partition: number; offset: number }[]): Promise<void>
  /** Something did not work; ask again soon. */
  again(): void
}

export class Committer {
  readonly #options: CommitterOptions
  #committing: Promise<void> | null = null

  constructor(options: CommitterOptions) {
    this.#options = options
  }

  /** Resolves when nothing is due any more, or when it did not work. */
  commitResolved(): Promise<void> {
    if (this.#committing) return this.#committing
    const due = this.#options.commits.take()
    if (due.length === 0) return Promise.resolve()
    this.#committing = this.#commitFrom(due)
    return this.#committing
  }

  async #commitFrom(first: Commit[]): Promise<void> {
    const { commits, commit, again } = this.#options
    for (let due = first; due.length > 0; due = commits.take()) {
      try {
        await commit(due.map(({ queue, offset }) => ({ partition: queue.partition, offset })))
        commits.done(due)
      } catch (error) {
        commits.failed(due, error instanceof Error ? error.message : String(error))
        setTimeout(again, retryMs).unref()
        break
      }
    }
    // In the same breath as the last look at what is due: nothing can become due unseen in between.
    this.#committing = null
  }
}
