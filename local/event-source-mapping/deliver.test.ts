import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type DeliveryMeans, deliver } from './deliver.ts'
import { parseDestination } from './destination.ts'
import { type FailedBatch, onFailureMessages } from './on-failure.ts'

const batch: FailedBatch = {
  condition: 'RetryAttemptsExhausted',
  slices: [{ key: 'orders-0', records: [{ offset: 1, timestamp: '0', json: '{"key":"aw==","value":"e30="}' }] }],
  requestId: 'a-request',
  functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:f',
  approximateInvokeCount: 1,
  functionFailed: true,
  nowMs: Date.parse('2026-05-01T12:34:56.789Z'),
  bootstrapServers: 'localhost:9092',
  eventSourceArn: null,
  encodeEvent: () => '{}',
}

let folder: string
let means: DeliveryMeans
let published: unknown[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'freshet-deliver-'))
  published = []
  let id = 0
  means = {
    publish: async (topic, messages) => void published.push({ topic, messages }),
    folder,
    mappingUuid: 'a-mapping',
    newId: () => `id-${++id}`,
  }
})
afterEach(() => rmSync(folder, { recursive: true }))

const to = (text: string) => {
  const destination = parseDestination(text, 'orders')
  if (!destination) throw new Error('no destination')
  return deliver(destination, batch, means)
}
const files = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()

it('publishes to a topic, each record by its own key', async () => {
  await to('kafka://failed')
  const [message] = onFailureMessages('kafka', batch)
  expect(published).toEqual([{ topic: 'failed', messages: [{ key: Buffer.from('k'), value: message?.body }] }])
  expect(files()).toEqual([])
})

it.each([
  ['sqs', 'arn:aws:sqs:us-east-1:123456789012:failed-orders'],
  ['sns', 'arn:aws:sns:us-east-1:123456789012:failed-orders'],
] as const)('keeps the messages of %s as files, one for each', async (kind, arn) => {
  await to(arn)
  await to(arn)
  const names = ['id-1', 'id-2'].map((id) => `${kind}/failed-orders/2026-05-01T12.34.56.789-${id}.json`)
  expect(files()).toEqual(names)
  expect(readFileSync(join(folder, names[0] as string), 'utf8')).toBe(onFailureMessages(kind, batch)[0]?.body)
})

it("keeps S3's objects under their keys", async () => {
  await to('arn:aws:s3:::my-bucket')
  const key = 'aws/lambda/a-mapping/orders-0/2026/05/01/2026-05-01T12.34.56-id-1'
  expect(files()).toEqual([`s3/my-bucket/${key}`])
})

it('fails when the topic does not take the messages', async () => {
  means.publish = () => Promise.reject(new Error('no such topic'))
  await expect(to('kafka://failed')).rejects.toThrow('no such topic')
})

it('fails when a folder cannot be written', async () => {
  writeFileSync(join(folder, 'sqs'), '')
  await expect(to('arn:aws:sqs:us-east-1:123456789012:q')).rejects.toThrow()
})

it('fails when nobody takes the messages away', async () => {
  means.messagesMax = 2
  const queue = 'arn:aws:sqs:us-east-1:123456789012:q'
  await to(queue)
  await to(queue)
  await expect(to(queue)).rejects.toThrow('read them and remove them')
  rmSync(join(folder, files()[0] as string))
  await expect(to(queue)).resolves.toBeUndefined()
})
