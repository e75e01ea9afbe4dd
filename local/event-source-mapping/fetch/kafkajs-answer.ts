// Gives records that kafkajs has decoded the form of those that are decoded here.
import { isStandIn } from '../../../functions/kafka/stand-in.ts'
import type { Header, KafkaMessage } from '../to-event.ts'

/** The slice of kafkajs's decoded answer to a fetch that is looked at. */
export interface KafkajsAnswer {
  responses: { partitions: { messages: (KafkajsMessage | KafkaMessage)[] }[] }[]
}

/** What other names its objects have is kafkajs's own affair, and stays. */
interface KafkajsMessage extends Omit<KafkaMessage, 'headers'> {
  /** Absent from messages older than Kafka 0.11. */
  headers?: Record<string, Buffer | null | (Buffer | null)[]>
}

/** Changes the answer's messages in place: kafkajs holds them already. */
export function likeOurs<Answer extends KafkajsAnswer>(answer: Answer): Answer {
  for (const { partitions } of answer.responses) {
    for (const { messages } of partitions) {
      for (const message of messages) {
        const { headers = {} } = message as KafkajsMessage
        if (isStandIn({ headers })) message.isTooLarge = true
        message.headers = pairs(headers)
      }
    }
  }
  return answer
}

/** kafkajs keeps headers by their names, and the values of the same name as a list. */
function pairs(headers: NonNullable<KafkajsMessage['headers']>): Header[] {
  return Object.entries(headers).flatMap(([name, values]) =>
    (Array.isArray(values) ? values : [values]).map((value) => [name, value] as const),
  )
}
