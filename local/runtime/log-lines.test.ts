import { expect, test } from 'vitest'
import { logLineCharsMax, logLinesMax } from './limits.ts'
import { logLines } from './log-lines.ts'

test('a line is told when it is complete, however it was printed', () => {
  const lines = logLines()
  expect(lines.add('on')).toEqual([])
  expect(lines.add('e\r\ntwo\n\nth')).toEqual(['one', 'two', ''])
  expect(lines.flush()).toEqual(['th'])
  expect(lines.flush()).toEqual([])
})

test('a long line is cut, and says by how much', () => {
  const [line] = logLines().add(`${'x'.repeat(logLineCharsMax + 7)}\n`)
  expect(line).toBe(`${'x'.repeat(logLineCharsMax)}... (7 more characters)`)
})

test('a line without an end is not kept forever', () => {
  const lines = logLines()
  let told = 0
  for (let piece = 0; piece < 100; piece++) told += lines.add('x'.repeat(1_000)).join('').length
  expect(told).toBeGreaterThan(100_000 - 2 * logLineCharsMax)
  expect(lines.flush()[0]?.length).toBeLessThanOrEqual(logLineCharsMax)
})

test('beyond the limit lines are counted, and the count starts anew with the next invocation', () => {
  const lines = logLines()
  expect(lines.add('x\n'.repeat(logLinesMax + 5))).toHaveLength(logLinesMax)
  expect(lines.add('y\n')).toEqual([])
  expect(lines.flush()).toEqual(['(6 more lines were left out)'])
  expect(lines.add('z\n')).toEqual(['z'])
})
