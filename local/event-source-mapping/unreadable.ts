// Says of a record batch that cannot be read what there is to be done about it.
import type { Damage } from './fetch/partition-records.ts'

/** Whose partition it is. */
export interface Place {
  topic: string
  partition: number
  consumerGroupId: string
  bootstrapServers: readonly string[]
}

/** What happened, for the log and the terminal. */
export function unreadableSentence(place: Place, damage: Damage): string {
  const { firstOffset, lastOffset, reason } = damage
  const where = `${place.topic}-${place.partition}: the record batch at offset ${firstOffset} to ${lastOffset} cannot be read`
  return `${where} (${reason}); the partition stands still, the others go on. ${wayPast(place, damage)}`
}

/**
 * What an operator can do. Our choice: we never skip it ourselves, as it may be damaged on the way alone, or be readable from
 * another replica. Kafka's own tool moves the group, which has to be empty for that.
 */
export function wayPast(
  { topic, partition, consumerGroupId, bootstrapServers }: Place,
  { lastOffset }: Damage,
): string {
  const whose = `--bootstrap-server ${bootstrapServers.join(',')} --group ${consumerGroupId} --topic ${topic}:${partition}`
  const command = `kafka-consumer-groups.sh ${whose} --reset-offsets --to-offset ${lastOffset + 1} --execute`
  return `It is tried again by itself. To go on without it, stop the mapping and run \`${command}\``
}
