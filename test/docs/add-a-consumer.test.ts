// docs/add-a-consumer.md, followed to the letter in a copy of the project that has run before.
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Health } from '../../functions/api/schemas.ts'
import { event, post } from '../e2e/shop.ts'
import { eventually, freshDirectory, type LocalStack, startLocalStack } from '../local-stack.ts'
import { blocksOf, copyProject, describe, insertAfter, typeCheck, write } from './copy.ts'

const group = 'large-orders-consumer-group'
const data = freshDirectory()
let folder: string
beforeAll(() => {
  folder = copyProject()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const storedBy = async (stack: LocalStack, name: string) => {
  const { accounts } = await stack.get<Health>('/api/health')
  return accounts.filter((account) => account.group === name).reduce((sum, { stored }) => sum + stored, 0)
}
const purchases = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => event(`order-${from + i}`, { event_type: 'purchase' }))

it('takes one folder and one entry, and fits what is there', async () => {
  const stack = await startLocalStack(data, ['--no-producer'], folder)
  await post(stack, [...purchases(0, 20), event('a-view', { event_type: 'view' })])
  await eventually('the shop has them', async () => (await storedBy(stack, 'analytics-consumer-group')) === 21, 60_000)
  expect(await stack.stop()).toBe(0)

  const [handler = '', entry = ''] = blocksOf('add-a-consumer.md')
  write(folder, 'functions/large-orders/handler.ts', handler)
  insertAfter(folder, 'infra/pipeline.ts', 'const functions = {', entry)
  typeCheck(folder)
  expect(describe(folder, 'docker-compose.yml')).toContain(`CONSUMER_GROUP_ID: ${group}`)
  expect(describe(folder, 'infra/kubernetes/base/large-orders.yaml')).toContain('kind: Deployment')
})

it('begins at the earliest record, with those that its filter lets through, and the others notice nothing', async () => {
  const stack = await startLocalStack(data, ['--no-producer'], folder)
  const before = await stack.get<Health>('/api/health')
  await eventually('it has what was there before it', async () => (await storedBy(stack, group)) === 20, 60_000)
  await post(stack, purchases(20, 25))
  await eventually('it has what came since', async () => (await storedBy(stack, group)) === 25, 60_000)
  await eventually('so has the shop', async () => (await storedBy(stack, 'analytics-consumer-group')) === 26, 60_000)
  const health = await eventually(
    'all is sampled and swept',
    async () => {
      const health = await stack.get<Health>('/api/health')
      const unseen = health.accounts.reduce((sum, account) => sum + account.unseen, 0)
      return health.status === 'ok' && unseen === 0 && (health.sweptAt ?? '') > (before.sweptAt ?? '') && health
    },
    60_000,
  )
  expect(health).toMatchObject({ balanced: true, complaints: [] })
  for (const account of health.accounts) expect([account.group, account.redelivered]).toEqual([account.group, 0])
  expect(await stack.stop()).toBe(0)
})
