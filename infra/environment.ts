// The values of the pipeline's description as environment variables, made here for every stage alike.
import { type AbandonmentDescription, type MappingDescription, type PipelineDescription, pipeline } from './pipeline.ts'

const { abandonment, rules }: PipelineDescription = pipeline

/** The variables that every function gets. Addresses (brokers, store) and the consumer's group are the stage's to add. */
export function pipelineEnvironment(): Record<string, string> {
  return {
    TOPIC: pipeline.shop.topic,
    TOPICS: JSON.stringify(Object.entries(pipeline.topics).map(([name, topic]) => ({ name, ...topic }))),
    CONSUMER_GROUP_ID: pipeline.shop.group,
    // A list is joined by commas.
    ...Object.fromEntries(Object.entries(rules).map(([name, value]) => [name, String(value)])),
    FUTURE_MS_MAX: String(pipeline.event.futureMsMax),
    JSON_DEPTH_MAX: String(pipeline.event.depthMax),
    BUSINESS_TIME_ZONE: pipeline.timeZone,
    PRODUCER_EVENTS_PER_SECOND: String(pipeline.producer.eventsPerSecond),
    ...(abandonment && abandonmentVariables(abandonment)),
    LAG_TARGETS: JSON.stringify(pipeline.mappings.map(lagTarget)),
    RETENTION_EVENT_DAYS: String(pipeline.retention.eventDays),
    RETENTION_DEAD_LETTER_DAYS: String(pipeline.retention.deadLetterDays),
    RETENTION_STORE_BYTES: String(pipeline.retention.storeBytesMax),
    ALARM_LAG_SECONDS_MAX: String(pipeline.alarms.lagSecondsMax),
    ALARM_ERROR_RATE_MAX: String(pipeline.alarms.errorRateMax),
    ALARM_NEWEST_EVENT_AGE_SECONDS_MAX: String(pipeline.alarms.newestEventAgeSecondsMax),
  }
}

function abandonmentVariables(described: AbandonmentDescription): Record<string, string> {
  const { group, abandonMs, latenessMs, windowMs, offersTopic, discountPercent } = described
  return {
    ABANDONMENT_GROUP_ID: group,
    ABANDON_AFTER_MS: String(abandonMs),
    ABANDON_LATENESS_MS: String(latenessMs),
    ABANDON_WINDOW_MS: String(windowMs),
    OFFERS_TOPIC: offersTopic,
    OFFER_DISCOUNT_PERCENT: String(discountPercent),
  }
}

/** Every mapping's group is watched. */
function lagTarget({ consumerGroupId, settings }: MappingDescription) {
  return { group: consumerGroupId, topic: settings.Topics[0] }
}
