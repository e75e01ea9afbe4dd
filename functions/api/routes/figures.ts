// GET /api/figures: business figures by minute, hour or day of the events' own time.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { distinctUsersError } from '../../store/distinct-users.ts'
import type { Rollup } from '../../store/figures.ts'
import { spansMax } from '../../store/spans.ts'
import type { ApiParts } from '../parts.ts'
import { problemResponses } from '../problem.ts'
import { type figureSchema, figuresSchema } from '../schemas/figures.ts'
import { momentOf } from '../search/filters.ts'

/** What is shown unless a time is asked for: an hour of minutes, a day of hours, a week of days. */
const stretchMs = { minute: 3_600_000, hour: 86_400_000, day: 7 * 86_400_000 }

const time = z.string().max(40).optional().describe('ISO 8601; without a zone it is UTC, a date alone its midnight')

const route = createRoute({
  method: 'get',
  path: '/api/figures',
  summary: "Business figures by the events' own time, each event counted once",
  description: `At most the newest ${spansMax} spans. Minutes go with events; hours and days stay.`,
  request: { query: z.object({ by: z.enum(['minute', 'hour', 'day']).default('hour'), from: time, to: time }) },
  responses: {
    200: { description: 'The figures', content: { 'application/json': { schema: figuresSchema } } },
    ...problemResponses(400, 503),
  },
})

export function mountFigures(
  app: OpenAPIHono,
  { store, group, now, timeZone, rules }: Pick<ApiParts, 'store' | 'group' | 'now' | 'timeZone' | 'rules'>,
): void {
  // A span that has not changed comes as the same object again: its sums need not become text again.
  const texts = new WeakMap<Rollup, string>()
  function textOf(rollup: Rollup): string {
    const text = texts.get(rollup) ?? JSON.stringify(figureOf(rollup, rules.revenueTypes))
    texts.set(rollup, text)
    return text
  }

  app.openapi(route, async (c) => {
    const { by, from, to } = c.req.valid('query')
    const toMs = to === undefined ? now() : momentOf('to', to)
    const fromMs = from === undefined ? toMs - stretchMs[by] : momentOf('from', from)
    const rollups = await store.rollups({ group, by, fromMs, toMs, timeZone })
    const head = JSON.stringify({ timeZone, distinctUsersError }).slice(0, -1)
    const text = `${head},"figures":[${rollups.map(textOf).join(',')}]}`
    return c.body(text, 200, { 'content-type': 'application/json' }) as never
  })
}

function figureOf(
  { fromMs, toMs, distinctUsers, sums }: Rollup,
  revenueTypes: readonly string[],
): z.infer<typeof figureSchema> {
  const revenue = sums.filter(({ eventType }) => revenueTypes.includes(eventType))
  return {
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    events: sums.reduce((total, { events }) => total + events, 0),
    revenueCents: revenue.reduce((total, { amountCents }) => total + amountCents, 0),
    distinctUsers,
    sums: sums.map(({ eventType, region, amountBucket, events, amountCents }) => ({
      event_type: eventType,
      region,
      amount_bucket: amountBucket,
      is_revenue: revenueTypes.includes(eventType),
      events,
      amountCents,
    })),
  }
}
