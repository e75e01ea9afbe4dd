// Which offsets are to be committed, and what became of that.
import type { HappeningBody } from './happening.ts'
import type { PartitionQueue } from './partition.ts'

/** A commit to ask Kafka for. */
export interface Commit {
  queue: PartitionQueue
  offset: number
}

export class Commits {
  readonly #queues: () => Iterable<PartitionQueue>
  readonly #tell: (happening: HappeningBody) => void

  constructor(queues: () => Iterable<PartitionQueue>, tell: (happening: HappeningBody) => void) {
    this.#queues = queues
    this.#tell = tell
  }

  /** Those that are due: offsets that were resolved since the last call, of partitions that are still ours. */
  take(): Commit[] {
    const commits: Commit[] = []
    for (const queue of this.#queues()) {
      const offset = queue.resolvedOffset
      if (offset === null || offset <= (queue.requestedOffset ?? -1)) continue
      queue.requestedOffset = offset
      commits.push({ queue, offset })
    }
    return commits
  }

  done(commits: readonly Commit[]): void {
    for (const { queue, offset } of commits) queue.committedOffset = offset
    const ours = commits.filter(({ queue }) => !queue.lost)
    if (ours.length > 0) this.#tell({ type: 'commit', offsets: offsetsOf(ours) })
  }

  /** They failed and are due again. Whether Kafka took them nobody knows; committing twice does no harm. */
  failed(commits: readonly Commit[], error: string): void {
    for (const { queue } of commits) queue.requestedOffset = queue.committedOffset ?? -1
    this.#tell({ type: 'commit-error', offsets: offsetsOf(commits), error })
  }
}

function offsetsOf(commits: readonly Commit[]): Record<string, number> {
  return Object.fromEntries(commits.map(({ queue, offset }) => [queue.key, offset]))
}
