// A topic: its name, its settings, and its partitions' logs.
import { type TopicConfigs, withDefaults } from './configs.ts'
import type { PartitionLog } from './log.ts'

export interface Topic {
  name: string
  /** 32 hexadecimal digits. */
  id: string
  /** Settings given for this topic; the others have their defaults. */
  ownConfigs: Partial<TopicConfigs>
  configs: TopicConfigs
  partitions: PartitionLog[]
}

/** A topic without partitions as yet. */
export function topicOf(name: string, id: string, ownConfigs: Partial<TopicConfigs>): Topic {
  return { name, id, ownConfigs, configs: withDefaults(ownConfigs), partitions: [] }
}
