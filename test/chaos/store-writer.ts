// One of several processes that deliver the same records to one store: `store-writer.ts <store URL> <seed>`.
import { PipelineError } from '../../functions/errors.ts'
import { openStore } from '../../functions/store/open.ts'
import type { Outcome, Store } from '../../functions/store/store.ts'
import { deadLetter, event, group, noise } from '../../functions/store/testing/fixtures.ts'

const partitions = 3
const logLength = 4_000
const batchMax = 60

const [url = '', seed = '1'] = process.argv.slice(2)
const random = seededRandom(Number(seed))
const store = await openStore(url)
const next = Array.from({ length: partitions }, () => 0)
while (next.some((offset) => offset < logLength)) await deliver(store, batch())
await store.close()

/** From each partition a stretch that overlaps what was delivered before, as a redelivery does. */
function batch(): Outcome[] {
  return next.flatMap((offset, partition) => {
    const from = Math.max(0, offset - Math.floor(random() * 20))
    const to = Math.min(logLength, offset + Math.floor(random() * batchMax))
    next[partition] = Math.max(offset, to)
    return Array.from({ length: Math.max(0, to - from) }, (_, index) => recordAt(partition, from + index))
  })
}

/** Of ten records two are put aside or noise, and one has the id of another, on another partition. */
function recordAt(partition: number, offset: number): Outcome {
  if (offset % 10 === 3) return noise({ partition, offset })
  if (offset % 10 === 6) return deadLetter({ partition, offset }, `${offset}`)
  if (offset % 10 === 8) return event({ partition, offset }, { event_id: `shared ${offset}` })
  return event({ partition, offset }, { event_id: `${partition}/${offset}` })
}

async function deliver(to: Store, outcomes: Outcome[]): Promise<void> {
  for (;;) {
    try {
      await to.writeBatch({ group, outcomes })
      return
    } catch (error) {
      if (!(error instanceof PipelineError && error.code === 'STORE_BUSY')) throw error
    }
  }
}

/** https://en.wikipedia.org/wiki/Linear_congruential_generator, with the numbers of Numerical Recipes. */
function seededRandom(state: number): () => number {
  let value = state
  return () => {
    value = (Math.imul(value, 1664525) + 1013904223) >>> 0
    return value / 2 ** 32
  }
}
