// Commits what is resolved, one request at a time; what is resolved meanwhile goes along with the next.
import type { Commit, Dispatcher } from './dispatch.ts'

const retryMs = 250

export interface CommitterOptions {
  dispatcher: Dispatcher
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
    const commits = this.#options.dispatcher.takeCommits()
    if (commits.length === 0) return Promise.resolve()
    this.#committing = this.#commitFrom(commits)
    return this.#committing
  }

  async #commitFrom(first: Commit[]): Promise<void> {
    const { dispatcher, commit, again } = this.#options
    for (let commits = first; commits.length > 0; commits = dispatcher.takeCommits()) {
      try {
        await commit(commits.map(({ queue, offset }) => ({ partition: queue.partition, offset })))
        dispatcher.committed(commits)
      } catch (error) {
        dispatcher.notCommitted(commits, error instanceof Error ? error.message : String(error))
        setTimeout(again, retryMs).unref()
        break
      }
    }
    // In the same breath as the last look at what is due: nothing can become due unseen in between.
    this.#committing = null
  }
}
