import { describe, expect, it } from 'vitest'
import { judge } from './outcome.ts'

const batch = [
  { key: 'a-b-0', records: [{ offset: 10 }, { offset: 11 }, { offset: 12 }] },
  { key: 'a-b-1', records: [{ offset: 7 }] },
]
const answer = (payload: string) => judge(batch, { kind: 'ok', payload }, true)
const failing = (...itemIdentifiers: unknown[]) =>
  answer(JSON.stringify({ batchItemFailures: itemIdentifiers.map((itemIdentifier) => ({ itemIdentifier })) }))

describe('with ReportBatchItemFailures', () => {
  it.each(['null', '{}', '', '""', '[]', '{"batchItemFailures":[]}', '{"batchItemFailures":null}', '{"else":1}'])(
    'takes %j for a success',
    (payload) => expect(answer(payload)).toEqual({ kind: 'ok' }),
  )

  it('retries the named records and no other', () => {
    expect(failing({ partition: 'a-b-0', offset: 11 }, { partition: 'a-b-1', offset: 7 })).toEqual({
      kind: 'partial',
      failed: new Map([
        ['a-b-0', new Set([11])],
        ['a-b-1', new Set([7])],
      ]),
    })
  })

  it.each([
    ['an offset that was not in the event', { partition: 'a-b-0', offset: 13 }],
    ['a partition that was not in the event', { partition: 'a-b-2', offset: 10 }],
    ["another partition's offset", { partition: 'a-b-1', offset: 10 }],
    ['a flat text, as for SQS', 'a-b-0-10'],
    ['an offset as text', { partition: 'a-b-0', offset: '10' }],
    ["the old documentation's key", { 'topic-partition': 'a-b-0', offset: 10 }],
    ['an empty text', ''],
    ['null', null],
  ])('fails the whole batch for %s, even beside a good identifier', (_, identifier) => {
    expect(failing({ partition: 'a-b-0', offset: 10 }, identifier).kind).toBe('error')
  })

  it.each(['not json', '7', '"text"', '[1]', 'true', '{"batchItemFailures":{}}', '{"batchItemFailures":[null]}'])(
    'fails the whole batch for the answer %j',
    (payload) => expect(answer(payload).kind).toBe('error'),
  )
})

it('takes any answer for a success without ReportBatchItemFailures', () => {
  const payload = '{"batchItemFailures":[{"itemIdentifier":{"partition":"a-b-0","offset":10}}]}'
  expect(judge(batch, { kind: 'ok', payload }, false)).toEqual({ kind: 'ok' })
  expect(judge(batch, { kind: 'ok', payload: 'not json' }, false)).toEqual({ kind: 'ok' })
})

it('tells an error of the function from a throttle', () => {
  const error = { kind: 'function-error', errorType: 'Error', errorMessage: 'no' } as const
  expect(judge(batch, error, true)).toEqual({ kind: 'error', error: 'Error: no' })
  expect(judge(batch, { kind: 'throttled' }, true)).toEqual({ kind: 'throttled', error: 'Throttled' })
})
