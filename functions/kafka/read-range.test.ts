// What lies in a stretch of a log: records, control records, and records of transactions that were aborted.
import { expect, it } from 'vitest'
import { kindsOf } from './read-range.ts'

const message = (offset: number, producerId = '-1', isControlRecord = false) => ({
  offset: String(offset),
  key: null,
  isControlRecord,
  batchContext: { producerId, inTransaction: producerId !== '-1' },
})

it('tells records of aborted transactions from others, also of the same producer', () => {
  const fetched = {
    abortedTransactions: [
      { producerId: '8', firstOffset: '4' },
      { producerId: '7', firstOffset: '0' },
    ],
    messages: [
      message(1, '7'),
      message(2),
      message(3, '7', true),
      message(4, '8'),
      message(5, '7'),
      message(6, '8', true),
      message(7, '7', true),
      message(8, '8'),
    ],
  }
  expect(kindsOf(fetched).map(({ offset, kind }) => `${offset} ${kind}`)).toEqual([
    '1 aborted',
    '2 record',
    '3 control',
    '4 aborted',
    '5 record',
    '6 control',
    '7 control',
    '8 record',
  ])
})
