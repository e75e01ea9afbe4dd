// What a shop sends, good and bad, for the tests that watch it arrive on the page.
import { Kafka, logLevel } from 'kafkajs'
import type { LocalStack } from '../local-stack.ts'

export const event = (id: string, change: object = {}) => ({
  event_id: id,
  event_type: 'checkout',
  user_id: 4242,
  amount: 12.5,
  timestamp: new Date().toISOString(),
  region: 'AU-WA',
  ...change,
})

export function post(stack: LocalStack, body: unknown): Promise<Response> {
  return fetch(`${stack.dashboard}/api/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

/** Sends records as any Kafka client may: the API would refuse the bad ones. */
export async function sendRecords(stack: LocalStack, values: string[]): Promise<void> {
  const producer = new Kafka({ brokers: [stack.kafka], logLevel: logLevel.NOTHING }).producer()
  await producer.connect()
  await producer.send({ topic: 'retail-events', messages: values.map((value) => ({ key: '1', value })) })
  await producer.disconnect()
}
