// Records that another mapping gave up become dead letters of this group, with the bytes they had and what became of them.
import { z } from 'zod'
import type { DecodedRecord } from '../lambda/decode.ts'
import type { BatchResult, Outcome, Store } from '../store/store.ts'

/** The part that is read of what a mapping sends to `kafka://`. https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure-destination.html */
const givenUp = z.object({
  requestContext: z.object({
    functionArn: z.string(),
    condition: z.string(),
    approximateInvokeCount: z.number().nullish(),
  }),
  payload: z.object({
    records: z.record(
      z.string(),
      z
        .array(
          z.object({
            topic: z.string(),
            partition: z.number(),
            offset: z.number(),
            key: z.string().nullish(),
            value: z.string().nullish(),
          }),
        )
        .min(1),
    ),
  }),
})

const reasonLengthMax = 500

export interface KeepParts {
  store: Pick<Store, 'writeBatch'>
  group: string
}

/** One dead letter for each record, in one transaction; a message that says no more than that something failed is kept as it is. */
export async function keep(records: DecodedRecord[], { store, group }: KeepParts): Promise<BatchResult> {
  return store.writeBatch({ group, outcomes: records.map(outcomeOf) })
}

function outcomeOf(record: DecodedRecord): Outcome {
  const { topic, partition, offset, timestamp } = record
  const place = { topic, partition, offset, timestamp }
  const parsed = givenUp.safeParse(jsonOf(record.value))
  const failed = parsed.success ? Object.values(parsed.data.payload.records).flat()[0] : undefined
  if (!parsed.success || !failed) {
    const reason = 'a mapping gave up, and did not say on what'
    return { kind: 'dead-letter', record: { ...place, key: record.key, value: record.value }, code: 'GIVEN_UP', reason }
  }
  const { functionArn, condition, approximateInvokeCount } = parsed.data.requestContext
  const name = functionArn.split(':function:')[1] ?? functionArn
  const tries = approximateInvokeCount ? ` after ${approximateInvokeCount} attempts` : ''
  const reason = `${name} gave up ${failed.topic}-${failed.partition} offset ${failed.offset}${tries}: ${condition}`
  return {
    kind: 'dead-letter',
    record: { ...place, key: bytesOf(failed.key || null), value: bytesOf(failed.value ?? null) },
    code: 'GIVEN_UP',
    reason: reason.slice(0, reasonLengthMax),
  }
}

function jsonOf(value: Uint8Array | null): unknown {
  try {
    return JSON.parse(Buffer.from(value ?? []).toString())
  } catch {
    return undefined
  }
}

function bytesOf(base64: string | null): Buffer | null {
  return base64 === null ? null : Buffer.from(base64, 'base64')
}
