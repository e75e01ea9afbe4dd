// Reads the small file that says which topics there are.
import { readFileSync } from 'node:fs'
import { PipelineError } from '../../../functions/errors.ts'
import type { TopicConfigs } from './configs.ts'

/** What the file holds. */
export interface Catalog {
  clusterId: string
  nextProducerId: number
  topics: { name: string; id: string; partitions: number; configs: Partial<TopicConfigs> }[]
}

/** The catalog, or null before the first start. Throws PipelineError LOG_CORRUPT when it is damaged. */
export function readCatalog(file: string): Catalog | null {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  try {
    return JSON.parse(text) as Catalog
  } catch (cause) {
    throw new PipelineError('LOG_CORRUPT', `${file} is not readable`, { cause })
  }
}
