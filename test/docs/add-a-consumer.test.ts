// docs/add-a-consumer.md, written down to the letter in a copy of the project.
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Health } from '../../functions/api/schemas.ts'
import { event, post } from '../e2e/shop.ts'
import { eventually, freshDirectory, startLocalStack } from '../local-stack.ts'
import { blocksOf, copyProject, insertAfter, typeCheck, write } from './copy.ts'

let folder: string
beforeAll(() => {
  folder = copyProject()
  const [handler = '', described = '', mapping = ''] = blocksOf('add-a-consumer.md')
  write(folder, 'functions/large-orders/handler.ts', handler)
  insertAfter(folder, 'infra/pipeline.ts', '  functions: {', described)
  insertAfter(folder, 'infra/pipeline.ts', '  mappings: [', mapping)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('fits what is there', () => typeCheck(folder))

it('runs beside the others, on the records that its filter lets through', async () => {
  const stack = await startLocalStack(freshDirectory(), ['--no-producer'], folder)
  const types = ['purchase', 'view', 'purchase']
  await post(
    stack,
    types.map((event_type, i) => event(`order-${i}`, { event_type })),
  )
  await eventually(
    'its account holds both purchases',
    async () => {
      const { accounts } = await stack.get<Health>('/api/health')
      const mine = accounts.filter(({ group }) => group === 'large-orders-consumer-group')
      return mine.reduce((sum, { stored }) => sum + stored, 0) === 2
    },
    60_000,
  )
  expect(await stack.stop()).toBe(0)
})
