// Posted events: judged like the consumer would, and the valid ones published as they came.
import { PipelineError } from '../../errors.ts'
import { eventParser } from '../../events/parse.ts'
import type { OutgoingMessage } from '../../kafka/publish.ts'
import type { ApiParts } from '../parts.ts'
import type { PublishResult } from '../schemas.ts'
import type { PostedEvent } from './split.ts'

export interface PublishOutcome extends PublishResult {
  /** Why the answer is not 200: none was valid, or a valid one was not acknowledged. */
  fault?: PipelineError
}

type Judged = { message: OutgoingMessage } | { error: string }

/**
 * Publishes the valid events of one request in one send, and answers for each in the order it came. Either all valid
 * ones are acknowledged or none is claimed to be; sending the same again is safe, since events are told by their id.
 */
export async function publishEvents(
  posted: PostedEvent[],
  { publish, topic, rules, now }: Pick<ApiParts, 'publish' | 'topic' | 'rules' | 'now'>,
): Promise<PublishOutcome> {
  const judge = judgeBy(rules, now())
  const judged = posted.map(judge)
  const messages = judged.flatMap((one) => ('message' in one ? [one.message] : []))
  const rejected = judged.length - messages.length
  if (messages.length === 0) {
    const fault = new PipelineError('EVENTS_REFUSED', `${rejected} of ${rejected} events are not valid`)
    return { accepted: 0, rejected, results: results(judged, refuseTwice), fault }
  }
  try {
    const acknowledged = (await publish(topic, messages)).values()
    return {
      accepted: messages.length,
      rejected,
      results: results(judged, () => acknowledged.next().value ?? { error: 'KAFKA_UNAVAILABLE: not acknowledged' }),
    }
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error
    const lost = { error: `${error.code}: not acknowledged` }
    return { accepted: 0, rejected, results: results(judged, () => lost), fault: error }
  }
}

function judgeBy(rules: ApiParts['rules'], nowMs: number): (posted: PostedEvent) => Judged {
  const parse = eventParser(rules)
  return ({ value, text }) => {
    if (value === undefined) return { error: 'NOT_JSON: this line is not JSON' }
    const event = parse(value)
    if ('code' in event) return { error: `${event.code}: ${event.reason}` }
    if (event.event_ms - nowMs > rules.futureMsMax) {
      return { error: `FUTURE_TIMESTAMP: at most ${rules.futureMsMax / 1000} s ahead is accepted` }
    }
    return { message: { key: String(event.user_id), value: text } }
  }
}

function results(
  judged: Judged[],
  ofValid: () => { partition: number; offset: number } | { error: string },
): PublishResult['results'] {
  return judged.map((one, index) => ({ index, ...('message' in one ? ofValid() : one) }))
}

function refuseTwice(): never {
  throw new Error('there is no valid event here')
}
