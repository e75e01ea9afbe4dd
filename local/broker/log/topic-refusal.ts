// What a topic's settings say against a batch that is sound in itself.
import { type Refusal, readHeader } from './batch.ts'
import type { TopicConfigs } from './configs.ts'
import { recordsOf } from './records.ts'

/** Why the topic does not take the batch, or null; `now` in ms since 1970. Follows LogValidator of Apache Kafka. */
export function topicRefusal(batch: Buffer, configs: TopicConfigs, now: number): Refusal | null {
  return timeRefusal(batch, configs, now) ?? keyRefusal(batch, configs)
}

function timeRefusal(batch: Buffer, configs: TopicConfigs, now: number): Refusal | null {
  const aheadMsMax = configs['message.timestamp.after.max.ms']
  if (configs['message.timestamp.type'] === 'LogAppendTime') return null
  if (readHeader(batch, 0).maxTimestamp - now <= aheadMsMax) return null
  const message = `The timestamp is more than message.timestamp.after.max.ms = ${aheadMsMax} ahead of the clock`
  return { error: 'INVALID_TIMESTAMP', message }
}

/** Records packed with Zstandard are not looked into. */
function keyRefusal(batch: Buffer, configs: TopicConfigs): Refusal | null {
  if (configs['cleanup.policy'] === 'delete') return null
  const keyless = recordsOf(batch, readHeader(batch, 0))?.some(({ key }) => key === null)
  return keyless ? { error: 'INVALID_RECORD', message: 'A compacted topic takes no records without a key' } : null
}
