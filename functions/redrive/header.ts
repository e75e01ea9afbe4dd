// The headers of a record that is sent again for a dead letter: which one, the attempt, and the token that proves it.
import type { KafkaEventRecord } from '../lambda/kafka-event.ts'
import type { IssuedAttempt } from '../store/redrives.ts'

/** Where the dead letter lies, for people: `retail-events/0/15`. */
const deadLetterHeader = 'freshet-dead-letter'
/** The attempt's number and its token: `2/1b4e28ba-2fa1-11d2-883f-0016d3cca427`. */
const attemptHeader = 'freshet-attempt'

const attemptText = /^\d{1,2}\/([\w-]{1,64})$/

export function attemptHeaders(attempt: Omit<IssuedAttempt, 'key' | 'value'>): Record<string, string> {
  const { topic, partition, offset, number, token } = attempt
  return { [deadLetterHeader]: `${topic}/${partition}/${offset}`, [attemptHeader]: `${number}/${token}` }
}

/** The token that a record's headers carry; undefined for nearly all records. Only the store knows whether it was issued. */
export function tokenOf(headers: NonNullable<KafkaEventRecord['headers']>): string | undefined {
  const bytes = headers.find((header) => attemptHeader in header)?.[attemptHeader]
  return bytes && attemptText.exec(Buffer.from(bytes).toString('latin1'))?.[1]
}
