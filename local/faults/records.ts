// The records that faults send: one that nobody can read, a flood of good ones, and one that a poisoned function fears.
import { business } from '../../functions/business.ts'
import type { OutgoingMessage, Publish } from '../../functions/kafka/publish.ts'
import { seededRandom } from '../../functions/random.ts'
import { poisonHeader } from './fault.ts'

/** About two seconds of work on a laptop: to be seen as lag, and gone before one wonders. */
const burstRecords = 20_000
const chunkRecords = 1_000

/**
 * Publishes them and waits for the acknowledgements.
 *
 * @param seed what makes the events' ids: another for each call
 * @throws what `publish` throws
 */
export async function sendFaultRecords(
  publish: Publish,
  topic: string,
  { kind, seed, now }: { kind: 'bad-record' | 'burst' | 'poison'; seed: string; now: () => number },
): Promise<void> {
  if (kind === 'bad-record') {
    await publish(topic, [{ key: '0', value: 'a bad record, sent on purpose' }])
    return
  }
  const random = seededRandom(seed)
  const message = (): OutgoingMessage => {
    const { key, event } = business.simulation.sample(random, now())
    return { key, value: JSON.stringify(event) }
  }
  if (kind === 'poison') {
    await publish(topic, [{ ...message(), headers: { [poisonHeader]: '1' } }])
    return
  }
  for (let sent = 0; sent < burstRecords; sent += chunkRecords) {
    await publish(topic, Array.from({ length: chunkRecords }, message))
  }
}
