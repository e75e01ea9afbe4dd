// What a mapping gives up, in the shape that AWS sends it to a topic.
import { expect, it } from 'vitest'
import { openStore } from '../store/open.ts'
import { keep } from './keep.ts'

const group = 'leftovers-consumer-group'
const place = { topic: 'retail-events-failed', partition: 0, timestamp: 1_000, key: null }

const message = {
  requestContext: {
    requestId: 'a-request',
    functionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:abandonment:$LATEST',
    condition: 'RetriesExhausted',
    approximateInvokeCount: 11,
  },
  responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
  payload: {
    eventSource: 'SelfManagedKafka',
    records: {
      'retail-events-2': [
        { topic: 'retail-events', partition: 2, offset: 42, timestamp: 5, key: 'NDI=', value: 'eyJicm9rZW4iOg==' },
      ],
    },
  },
}

it('becomes a dead letter with the bytes of the record, and the name of who gave up on it and why', async () => {
  const store = await openStore('sqlite::memory:')
  const records = [
    { ...place, offset: 0, value: Buffer.from(JSON.stringify(message)) },
    { ...place, offset: 1, value: Buffer.from('{"payload":null}') },
    { ...place, offset: 2, value: null },
  ]
  expect(await keep(records, { store, group })).toMatchObject({ deadLetters: 3 })
  expect(await keep(records, { store, group })).toMatchObject({ deadLetters: 0, redelivered: 3 })
  const letters = await store.deadLetters({ group, after: 0, limit: 9 })
  expect(letters.map(({ code, offset }) => [code, offset])).toEqual([0, 1, 2].map((offset) => ['GIVEN_UP', offset]))
  expect(letters[0]?.reason).toBe(
    'abandonment:$LATEST gave up retail-events-2 offset 42 after 11 attempts: RetriesExhausted',
  )
  expect([letters[0]?.key, letters[0]?.value].map(String)).toEqual(['42', '{"broken":'])
  expect(String(letters[1]?.value)).toBe('{"payload":null}')
  await store.close()
})
