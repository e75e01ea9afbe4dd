// Brings batches that were given up to the mapping's on-failure destination.
import { randomUUID } from 'node:crypto'
import { deliver } from './deliver.ts'
import { nameOf } from './destination.ts'
import { openDestinationPublisher } from './destination-publisher.ts'
import { failedBatchOf } from './give-up.ts'
import type { Batch } from './in-flight.ts'
import type { MappingSettings } from './settings.ts'
import type { EventSource } from './to-event.ts'

export interface DeliveryOptions {
  uuid: string
  clientId: string
  settings: MappingSettings
  source: EventSource
  /** Where the stand-ins for SQS, SNS and S3 lie. */
  folder: string
}

export type Delivered = { destination: string } | { error: string }

export interface Delivery {
  /** Never rejects: what was not delivered is said in the answer. */
  deliver(batch: Batch): Promise<Delivered>
  close(): Promise<void>
}

export function openDelivery({ uuid, clientId, settings, source, folder }: DeliveryOptions): Delivery {
  const { destination, functionName, bootstrapServers } = settings
  const publisher = openDestinationPublisher(clientId, bootstrapServers)
  return {
    async deliver(batch) {
      if (!destination) throw new Error('There is no destination to deliver to. This is a bug in Freshet.')
      const failed = failedBatchOf(batch, source, arnOf(functionName), { ms: Date.now(), requestId: randomUUID() })
      const means = { publish: publisher.publish, folder, mappingUuid: uuid, newId: randomUUID }
      try {
        await deliver(destination, failed, means)
        return { destination: nameOf(destination) }
      } catch (error) {
        return { error: error instanceof Error ? error.message : String(error) }
      }
    },
    close: publisher.close,
  }
}

/** The account number of Amazon's own examples: there is no account here. */
function arnOf(functionName: string | null): string {
  if (functionName?.startsWith('arn:')) return functionName
  return `arn:aws:lambda:us-east-1:123456789012:function:${functionName ?? 'function'}`
}
