// The heart of the comparison: one script, two brokers, and what a client saw of each.
import { expect, inject } from 'vitest'

/**
 * Runs a client script against Apache Kafka and against the embedded broker at the same time. The script returns what
 * its client saw, less what differs from one cluster to the next (ids, ports, times).
 *
 * @returns what both saw; the test fails where they differ
 */
export async function seenOnBoth<Seen>(script: (bootstrap: string) => Promise<Seen>): Promise<Seen> {
  const [onKafka, onOurs] = await Promise.all([script(inject('apacheKafka')), script(inject('embeddedBroker'))])
  expect(onOurs, 'on the embedded broker, compared with Apache Kafka').toEqual(onKafka)
  return onKafka
}

/** A list whose order means nothing to Kafka, in one that does not depend on the broker. */
export function inAnyOrder<T extends object>(list: readonly T[], by: keyof T): T[] {
  return [...list].sort((a, b) => String(a[by]).localeCompare(String(b[by]), 'en', { numeric: true }))
}
