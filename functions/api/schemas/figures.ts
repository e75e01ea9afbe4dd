// What GET /api/figures answers: the business in spans of the events' own time.
import { z } from '@hono/zod-openapi'
import { business } from '../../business.ts'

const { words } = business

export const figureSchema = z
  .object({
    from: z.string(),
    to: z.string().describe('exclusive'),
    events: z.int(),
    revenueCents: z.int().describe('amounts of the types that are revenue, in hundredths'),
    distinctUsers: z.int().nullable().describe('an estimate; null by the minute'),
    sums: z.array(
      z.object({
        event_type: z.string().describe(words.event_type),
        region: z.string().nullable().describe(words.region),
        amount_bucket: z.string().describe(words.amount_bucket),
        is_revenue: z.boolean(),
        events: z.int(),
        amountCents: z.int(),
      }),
    ),
  })
  .openapi('Figure')

export const figuresSchema = z
  .object({
    timeZone: z.string().describe('where days begin'),
    distinctUsersError: z.number().describe('one standard deviation of distinctUsers, as a share of it'),
    figures: z.array(figureSchema).describe('ascending; spans without any event are absent'),
  })
  .openapi('Figures')

export type Figures = z.infer<typeof figuresSchema>
