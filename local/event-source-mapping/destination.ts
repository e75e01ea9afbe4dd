// Where a mapping sends what it gives up on: the value of DestinationConfig.OnFailure.Destination.
import { refusal } from './settings-error.ts'

export type Destination =
  | { kind: 'kafka'; topic: string }
  | { kind: 'sqs' | 'sns' | 's3'; arn: string /** Of the queue, topic or bucket. */; name: string }

const arns: Record<'sqs' | 'sns' | 's3', RegExp> = {
  sqs: /^arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:([a-zA-Z0-9_-]{1,80})$/,
  sns: /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:([a-zA-Z0-9_-]{1,256})$/,
  s3: /^arn:aws[a-z-]*:s3:::([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])$/,
}

/** The API's own pattern, without the few first characters that no Kafka topic can have. */
const kafkaUrl = /^kafka:\/\/([a-zA-Z0-9_-][a-zA-Z0-9._-]{0,248})$/

/**
 * Reads a destination; the empty text is none, with which AWS removes one.
 * https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
 *
 * @throws PipelineError CONFIG_INVALID with InvalidParameterValueException
 */
export function parseDestination(text: string, sourceTopic: string): Destination | null {
  if (text === '') return null
  const topic = kafkaUrl.exec(text)?.[1]
  if (topic === sourceTopic) {
    throw invalid(text, 'it is the source topic, and what failed would be read and fail again')
  }
  if (topic !== undefined) return { kind: 'kafka', topic }
  if (/\.fifo$/.test(text)) throw invalid(text, 'FIFO queues and topics are no destinations')
  for (const kind of ['sqs', 'sns', 's3'] as const) {
    const name = arns[kind].exec(text)?.[1]
    if (name !== undefined) return { kind, arn: text, name }
  }
  throw invalid(text, 'expected kafka://topic or the ARN of an SQS queue, an SNS topic or an S3 bucket')
}

/** As the settings have it. */
export function nameOf(destination: Destination): string {
  return destination.kind === 'kafka' ? `kafka://${destination.topic}` : destination.arn
}

function invalid(text: string, why: string): Error {
  return refusal('InvalidParameterValueException', `The destination '${text.slice(0, 200)}' is invalid: ${why}`)
}
