// Dead letters as work: GET /api/dead-letters/groups and /api/dead-letters/{id}, POST /api/dead-letters/discard.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { PipelineError } from '../../errors.ts'
import { chosen, type DeadLetterChoice } from '../../redrive/choose.ts'
import type { ApiParts } from '../parts.ts'
import { problemResponses } from '../problem.ts'
import { deadLetterCaseRow, deadLetterGroupRow } from '../redrive-rows.ts'
import {
  deadLetterCaseSchema,
  deadLetterGroupsSchema,
  discardedSchema,
  discardRequestSchema,
} from '../schemas/redrives.ts'
import { refuseBody } from './refuse-body.ts'

const groups = createRoute({
  method: 'get',
  path: '/api/dead-letters/groups',
  summary: 'Dead letters by why they were put aside: how many are open, resolved and discarded',
  responses: {
    200: { description: 'By code', content: { 'application/json': { schema: deadLetterGroupsSchema } } },
    ...problemResponses(503),
  },
})

const one = createRoute({
  method: 'get',
  path: '/api/dead-letters/{id}',
  summary: 'One dead letter: its bytes, its text, the complaint, and every attempt at it',
  request: {
    params: z.object({
      id: z
        .string()
        .regex(/^\d{1,15}$/, 'expected a whole number')
        .transform(Number),
    }),
  },
  responses: {
    200: { description: 'As it stands', content: { 'application/json': { schema: deadLetterCaseSchema } } },
    ...problemResponses(400, 404, 503),
  },
})

const discard = createRoute({
  method: 'post',
  path: '/api/dead-letters/discard',
  summary: 'Gives dead letters up, with a reason; their rows stay, and no redrive takes them',
  description: 'Those that are settled already, or in a redrive just now, stay as they are.',
  request: { body: { required: true, content: { 'application/json': { schema: discardRequestSchema } } } },
  responses: {
    200: { description: 'How many were discarded', content: { 'application/json': { schema: discardedSchema } } },
    ...problemResponses(400, 503),
  },
})

/** To be mounted after other routes below /api/dead-letters, for `{id}` would take their names. */
export function mountDeadLetterWork(app: OpenAPIHono, { store, group }: Pick<ApiParts, 'store' | 'group'>): void {
  const { redrives } = store
  app.openapi(groups, async (c) => {
    return c.json({ groups: (await redrives.groups({ group })).map(deadLetterGroupRow) }, 200)
  })
  app.openapi(one, async (c) => {
    const { id } = c.req.valid('param')
    const letter = await redrives.one({ group, seq: id })
    if (!letter) throw new PipelineError('DEAD_LETTER_UNKNOWN', `there is no dead letter ${id}`)
    return c.json(deadLetterCaseRow(letter), 200)
  })
  app.openapi(
    discard,
    async (c) => {
      const { reason, by, ...body } = c.req.valid('json')
      const choice: DeadLetterChoice = body.ids ? { seqs: body.ids } : body.code ? { code: body.code } : 'all'
      const seqs: number[] = []
      let left = 0
      for await (const page of chosen(choice, { redrives, group })) {
        seqs.push(...page.letters.map(({ seq }) => seq))
        left += page.left
      }
      return c.json({ discarded: await redrives.discard({ group, seqs, by, reason }), left }, 200)
    },
    refuseBody,
  )
}
