// What a failure of kafkajs means to us.
import { PipelineError } from '../errors.ts'

/** Kafka's error names that trying again cannot mend. https://kafka.apache.org/protocol#protocol_error_codes */
const refusals = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'INVALID_TOPIC_EXCEPTION',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_VERSION',
  'INVALID_RECORD',
])

/** KAFKA_REFUSED when the broker answered with a lasting no, else KAFKA_UNAVAILABLE. */
export function kafkaFault(message: string, cause: unknown): PipelineError {
  const refusal = refusalIn(cause)
  if (refusal) return new PipelineError('KAFKA_REFUSED', `${message}: ${refusal}`, { cause })
  return new PipelineError('KAFKA_UNAVAILABLE', message, { cause })
}

/** kafkajs wraps the broker's answer in the error of its last retry. */
function refusalIn(error: unknown): string | undefined {
  for (let inner = error, depth = 0; inner instanceof Error && depth < 5; inner = inner.cause, depth++) {
    const type = (inner as { type?: unknown }).type
    if (typeof type === 'string' && refusals.has(type)) return type
  }
  return undefined
}
