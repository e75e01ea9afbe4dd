// Redrives: POST /api/redrives plans one or starts it, GET shows them with their progress, POST .../cancel stops one.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { PipelineError } from '../../errors.ts'
import { classifier } from '../../events/classify.ts'
import type { DeadLetterChoice } from '../../redrive/choose.ts'
import { type Plan, planRedrive } from '../../redrive/plan.ts'
import type { ApiParts } from '../parts.ts'
import { problemResponses, respondWithProblem } from '../problem.ts'
import { choiceInWords, planRow, redriveRow } from '../redrive-rows.ts'
import {
  cancelRequestSchema,
  redriveAnswerSchema,
  redriveRefusedSchema,
  redriveRequestSchema,
  redriveSchema,
  redrivesSchema,
} from '../schemas/redrives.ts'
import { refuseBody } from './refuse-body.ts'

/** More than anybody reads; the store keeps as many as its dead letters live. */
const listMax = 100

const params = z.object({
  id: z
    .string()
    .regex(/^\d{1,9}$/, 'expected a whole number')
    .transform(Number),
})

const start = createRoute({
  method: 'post',
  path: '/api/redrives',
  summary: 'Sends dead letters back to their topic, at a speed; or says what would become of them (dryRun)',
  description:
    'Records that would fail again are left out. What is sent carries a header that names the dead letter and the ' +
    'attempt: failing again adds an attempt to it (at most 5), success resolves it. Sending twice is safe, for an event ' +
    'counts once.',
  request: { body: { required: true, content: { 'application/json': { schema: redriveRequestSchema } } } },
  responses: {
    200: { description: 'The plan', content: { 'application/json': { schema: redriveAnswerSchema } } },
    201: {
      description: 'It is begun, and sent by a function on a schedule',
      content: { 'application/json': { schema: redriveAnswerSchema } },
    },
    422: {
      description: 'None of the records may be sent; the plan says why',
      content: { 'application/problem+json': { schema: redriveRefusedSchema } },
    },
    ...problemResponses(400, 409, 503),
  },
})

const list = createRoute({
  method: 'get',
  path: '/api/redrives',
  summary: 'Redrives, the newest first: who asked for what, when, and what became of it',
  responses: {
    200: { description: `At most ${listMax}`, content: { 'application/json': { schema: redrivesSchema } } },
    ...problemResponses(503),
  },
})

const one = createRoute({
  method: 'get',
  path: '/api/redrives/{id}',
  summary: 'One redrive with its progress',
  request: { params },
  responses: {
    200: { description: 'As it stands', content: { 'application/json': { schema: redriveSchema } } },
    ...problemResponses(400, 404, 503),
  },
})

const cancel = createRoute({
  method: 'post',
  path: '/api/redrives/{id}/cancel',
  summary: 'Stops a redrive: what was not sent yet stays where it is, what was sent comes back all the same',
  request: { params, body: { content: { 'application/json': { schema: cancelRequestSchema } } } },
  responses: {
    200: { description: 'As it stands', content: { 'application/json': { schema: redriveSchema } } },
    ...problemResponses(400, 404, 503),
  },
})

type Parts = Pick<ApiParts, 'store' | 'group' | 'rules' | 'now'>

export function mountRedrives(app: OpenAPIHono, { store, group, rules, now }: Parts): void {
  const { redrives } = store
  const classify = classifier(rules)

  function begin(plan: Plan, choice: DeadLetterChoice, { by, perSecond }: { by: string; perSecond: number }) {
    const words = choiceInWords(choice, plan.items.length)
    return redrives.begin({ group, by, perSecond, selection: words, items: plan.items })
  }

  app.openapi(
    start,
    async (c) => {
      const { dryRun, fixes, ...body } = c.req.valid('json')
      const choice: DeadLetterChoice = body.ids ? { seqs: body.ids } : body.code ? { code: body.code } : 'all'
      const request = { choice, fixes: new Map(fixes.map(({ id, text }) => [id, text])) }
      const plan = await planRedrive(request, { redrives, group, classify, now })
      if (dryRun) return c.json({ plan: planRow(plan), redrive: null }, 200)
      if (plan.items.length === 0) {
        const error = new PipelineError('REDRIVE_REFUSED', planRow(plan).sentence)
        return respondWithProblem(c, error, { plan: planRow(plan) }) as never
      }
      return c.json({ plan: planRow(plan), redrive: redriveRow(await begin(plan, choice, body)) }, 201)
    },
    refuseBody,
  )
  app.openapi(list, async (c) => {
    return c.json({ redrives: (await redrives.list({ group, limit: listMax })).map(redriveRow) }, 200)
  })
  app.openapi(one, async (c) => {
    const { id } = c.req.valid('param')
    return c.json(redriveRow(known(await redrives.find({ group, id }), id)), 200)
  })
  app.openapi(
    cancel,
    async (c) => {
      const { id } = c.req.valid('param')
      const { by } = cancelRequestSchema.parse(c.req.valid('json') ?? {})
      return c.json(redriveRow(known(await redrives.cancel({ group, id, by }), id)), 200)
    },
    refuseBody,
  )
}

function known<Found>(found: Found | null, id: number): Found {
  if (found === null) throw new PipelineError('REDRIVE_UNKNOWN', `there is no redrive ${id}`)
  return found
}
