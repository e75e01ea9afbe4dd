// What GET /api/abandonment answers: carts left without a purchase, by region, with incidents and the offers made in them.
import { z } from '@hono/zod-openapi'

const share = z.number().min(0).max(1).describe('0 to 1')
const time = z.string().describe('ISO 8601, UTC, event time')

const windowSchema = z.object({
  at: time.describe('the beginning of the window, by the moment the carts fell due'),
  decided: z.int().describe('carts that were bought or abandoned'),
  abandoned: z.int(),
})

export const abandonmentRegionSchema = z.object({
  region: z.string().nullable().describe('null: events without a region'),
  state: z
    .enum(['learning', 'normal', 'spike'])
    .describe('learning: too few carts, or too short a past, to judge. spike: an incident is open'),
  rate: share.nullable().describe('share abandoned in the newest closed windows that hold enough carts'),
  baseline: share.nullable().describe('the median share of the windows before'),
  score: z
    .number()
    .nullable()
    .describe('how many standard deviations rate lies above baseline; an incident opens at openScore'),
  windows: z.array(windowSchema).describe('closed windows, ascending, without gaps; the newest 60 at most'),
})

export const abandonmentIncidentSchema = z.object({
  id: z.string(),
  region: z.string().nullable(),
  openedAt: time,
  closedAt: time.nullable().describe('null while it goes on'),
  end: z
    .enum(['over', 'lasting'])
    .nullable()
    .describe('over: the share came down again. lasting: it stayed high for so long that it is the baseline now'),
  baseline: share.describe('when it was opened'),
  rate: share.describe('that opened it'),
  peakRate: share,
  abandoned: z.int().describe('carts abandoned since it was opened'),
  offers: z.int().describe('distinct offer_ids made in it: one a user at most'),
  published: z.int().describe('of these, acknowledged by Kafka'),
})

const stepSchema = z
  .object({ p50Ms: z.number(), p99Ms: z.number(), maxMs: z.number() })
  .nullable()
  .describe('over the newest 1,000 published offers; null without any')

export const abandonmentSchema = z
  .object({
    now: z.number().describe('ms, the clock of the server'),
    group: z.string(),
    offersTopic: z.string(),
    rules: z
      .object({
        abandonMs: z.int().describe('a cart without a purchase for this long is abandoned'),
        latenessMs: z.int().describe('how late an event may be and still count'),
        windowMs: z.int(),
        openScore: z.number(),
        openRise: z.number(),
        closeScore: z.number(),
      })
      .describe('as infra/pipeline.ts and docs/abandonment.md have them'),
    watermark: time.nullable().describe('everything that fell due before it is decided; null before the first record'),
    shoppers: z.int().describe('users with a cart or a purchase that can still decide something'),
    late: z.int().describe('events that came too late to count, in all'),
    decided: z.int().describe('carts, in all'),
    abandoned: z.int().describe('carts, in all'),
    regions: z.array(abandonmentRegionSchema).describe('the 20 with the most carts, by name'),
    incidents: z.array(abandonmentIncidentSchema).describe('open ones first, then the newest; 50 at most'),
    offers: z.object({
      made: z.int().describe('distinct offer_ids that are kept'),
      published: z.int(),
      waiting: z.int().describe('in the outbox, not yet acknowledged'),
    }),
    latency: z
      .object({
        decide: stepSchema.describe('from the deadline plus latenessMs to the transaction that decided the cart'),
        publish: stepSchema.describe('from that transaction to the acknowledgement by Kafka'),
        total: stepSchema,
      })
      .describe("of offers' steps, by the wall clock"),
  })
  .openapi('Abandonment')

export type Abandonment = z.infer<typeof abandonmentSchema>
export type AbandonmentRegion = z.infer<typeof abandonmentRegionSchema>
export type AbandonmentIncident = z.infer<typeof abandonmentIncidentSchema>
