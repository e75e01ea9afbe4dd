import { expect, test } from 'vitest'
import { lambdaConsole, loggedError } from './console-lines.ts'

function printed(requestId: string | null = 'a-request') {
  let text = ''
  const write = (piece: string) => {
    text += piece
  }
  const console = lambdaConsole({ write, requestId: () => requestId, nowMs: () => Date.UTC(2026, 4, 1, 12) })
  return { console, text: () => text }
}

test('each method of the console has its level', () => {
  const { console, text } = printed()
  for (const method of Object.values(console)) method('x')
  const levels = text()
    .trim()
    .split('\n')
    .map((line) => line.split('\t')[2])
  expect(levels).toEqual(['TRACE', 'DEBUG', 'INFO', 'INFO', 'WARN', 'ERROR', 'FATAL'])
})

test('a message stands behind the time, the request and its level, formatted as the console formats', () => {
  const { console, text } = printed()
  console.log('%s paid %d', 'u-1', 9.5, { a: 1 })
  expect(text()).toBe('2026-05-01T12:00:00.000Z\ta-request\tINFO\tu-1 paid 9.5 { a: 1 }\n')
})

test('what is printed outside of an invocation has no request', () => {
  const { console, text } = printed(null)
  console.warn('loading\nslowly')
  expect(text()).toBe('2026-05-01T12:00:00.000Z\tundefined\tWARN\tloading\nslowly\n')
})

test('an error is one line of JSON', () => {
  const { console, text } = printed()
  console.error(
    'Invoke Error',
    loggedError({ errorType: 'Error', errorMessage: 'no', trace: ['Error: no', '    at x'] }),
  )
  const [, , , message = '', json = ''] = text().split('\t')
  expect(message).toBe('Invoke Error ')
  expect(JSON.parse(json)).toEqual({ errorType: 'Error', errorMessage: 'no', stack: ['Error: no', '    at x'] })
})
