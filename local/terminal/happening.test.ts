import { expect, it } from 'vitest'
import type { SystemLogEvent } from '../event-source-mapping/system-log.ts'
import { systemLogSentence } from './happening.ts'

const common = { timestamp: 1, resourceArn: 'arn', eventProcessorId: 'a/0' }

it('shows of the system log where things stand, and not again what went wrong', () => {
  const status: SystemLogEvent = {
    ...common,
    eventType: 'POLLER_STATUS_EVENT',
    logLevel: 'INFO',
    kafkaEventSourceConnection: { assignedPartitions: ['orders-0'] },
  }
  const wrong: SystemLogEvent = {
    ...common,
    eventType: 'ESM_PROCESSING_EVENT',
    logLevel: 'WARN',
    error: { errorMessage: 'no broker', errorCode: 'POLLING_ERROR' },
  }
  expect(systemLogSentence(status)).toEqual({
    part: 'mapping',
    text: 'POLLER_STATUS_EVENT {"assignedPartitions":["orders-0"]}',
    tone: 'plain',
  })
  expect(systemLogSentence(wrong)).toBeNull()
})
