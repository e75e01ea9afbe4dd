// Reads the small file that says which topics there are.
import { PipelineError } from '../../../functions/errors.ts'
import type { Storage } from '../storage/storage.ts'
import type { TopicConfigs } from './configs.ts'

/** What the file holds. */
export interface Catalog {
  clusterId: string
  nextProducerId: number
  topics: { name: string; id: string; partitions: number; configs: Partial<TopicConfigs> }[]
}

/** The catalog, or null before the first start. Throws PipelineError LOG_CORRUPT when it is damaged. */
export function readCatalog(storage: Storage, file: string): Catalog | null {
  const content = storage.content(file)
  if (content === null) return null
  try {
    return JSON.parse(content.toString()) as Catalog
  } catch (cause) {
    throw new PipelineError('LOG_CORRUPT', `${file} is not readable`, { cause })
  }
}
