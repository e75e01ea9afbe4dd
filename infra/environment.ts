// The values of the pipeline's description as environment variables, made here for every stage alike.
import { type MappingDescription, pipeline } from './pipeline.ts'

/** The variables that every function gets. Addresses (brokers, store) and the consumer's group are the stage's to add. */
export function pipelineEnvironment(): Record<string, string> {
  return {
    TOPIC: pipeline.shop.topic,
    TOPICS: JSON.stringify(Object.entries(pipeline.topics).map(([name, topic]) => ({ name, ...topic }))),
    CONSUMER_GROUP_ID: pipeline.shop.group,
    NOISE_EVENT_TYPES: pipeline.noise.eventTypes.join(','),
    NOISE_USER_ID_BELOW: String(pipeline.noise.userIdBelow),
    AMOUNT_MAX: String(pipeline.event.amountMax),
    FUTURE_MS_MAX: String(pipeline.event.futureMsMax),
    JSON_DEPTH_MAX: String(pipeline.event.depthMax),
    BUSINESS_TIME_ZONE: pipeline.timeZone,
    PRODUCER_EVENTS_PER_SECOND: String(pipeline.producer.eventsPerSecond),
    ABANDONMENT_GROUP_ID: pipeline.abandonment.group,
    ABANDON_AFTER_MS: String(pipeline.abandonment.abandonMs),
    ABANDON_LATENESS_MS: String(pipeline.abandonment.latenessMs),
    ABANDON_WINDOW_MS: String(pipeline.abandonment.windowMs),
    OFFERS_TOPIC: pipeline.abandonment.offersTopic,
    OFFER_DISCOUNT_PERCENT: String(pipeline.abandonment.discountPercent),
    LAG_TARGETS: JSON.stringify(pipeline.mappings.map(lagTarget)),
    RETENTION_EVENT_DAYS: String(pipeline.retention.eventDays),
    RETENTION_DEAD_LETTER_DAYS: String(pipeline.retention.deadLetterDays),
    RETENTION_STORE_BYTES: String(pipeline.retention.storeBytesMax),
    ALARM_LAG_SECONDS_MAX: String(pipeline.alarms.lagSecondsMax),
    ALARM_ERROR_RATE_MAX: String(pipeline.alarms.errorRateMax),
    ALARM_NEWEST_EVENT_AGE_SECONDS_MAX: String(pipeline.alarms.newestEventAgeSecondsMax),
  }
}

/** Every mapping's group is watched. */
function lagTarget({ consumerGroupId, settings }: MappingDescription) {
  return { group: consumerGroupId, topic: settings.Topics[0] }
}
