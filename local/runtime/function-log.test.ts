import { expect, test, vi } from 'vitest'
import { logOf, start } from './testing/started.ts'

test('has what was printed, line by line, between the lines of Lambda', async () => {
  const { lines, result } = await logOf('printing', '{"text":"one\\ntwo"}')
  const { requestId } = result as { requestId: string }
  const head = `^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z\t${requestId}\t`
  expect(lines.map(({ stream, line }) => [stream, line])).toEqual([
    [
      'platform',
      expect.stringMatching(
        /^INIT_START Runtime Version: nodejs:\d+\.v\d+\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:\w{64}$/,
      ),
    ],
    ['platform', `START RequestId: ${requestId} Version: $LATEST`],
    ['stdout', expect.stringMatching(`${head}INFO\tlog { a: 1 }$`)],
    ['stdout', expect.stringMatching(`${head}ERROR\terror$`)],
    ['stdout', 'one'],
    ['stdout', 'two'],
    ['platform', `END RequestId: ${requestId}`],
    [
      'platform',
      expect.stringMatching(/^REPORT .*\tDuration: [\d.]+ ms\t.*\tMemory Size: 128 MB\t.*\tInit Duration: /),
    ],
  ])
  expect(new Set(lines.slice(1).map((line) => line.requestId))).toEqual(new Set([requestId]))
})

test('has the last words of a function that exits', async () => {
  const { lines } = await logOf('printingAndExiting', '{}')
  expect(lines.map(({ line }) => line)).toContain('last words, without a line end')
  expect(lines.at(-1)?.line).toContain('Status: error\tError Type: Runtime.ExitError')
})

test('has the error of a failed invocation, as one line of JSON', async () => {
  const { lines } = await logOf('throwing', '{}')
  const [, , level, what, json = ''] = lines.find(({ line }) => line.includes('Invoke Error'))?.line.split('\t') ?? []
  expect([level, what]).toEqual(['ERROR', 'Invoke Error '])
  expect(JSON.parse(json)).toMatchObject({ errorType: 'ShopClosed', errorMessage: 'we open at nine' })
})

test('has why a handler could not be loaded, even when nobody has asked for it yet', async () => {
  const lines: string[] = []
  await start('callback', { warm: true, onLog: ({ line }) => lines.push(line) })
  await vi.waitFor(() =>
    expect(lines.at(-1)).toMatch(/^INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: error/),
  )
  expect(lines[1]).toContain('takes a callback; make it an async function')
})

test('stays bounded, whatever a function prints', async () => {
  const { lines } = await logOf('printing', '{"text":"x\\n","times":20000}')
  const printed = lines.filter(({ stream }) => stream === 'stdout')
  expect(printed).toHaveLength(10_001)
  expect(printed.at(-1)?.line).toBe('(10002 more lines were left out)')
})

test('says that a function was ended by its time-out, in a line of its own and in the report', async () => {
  const { lines, result } = await logOf('waiting', '{"ms":60000}', { timeoutMs: 100 })
  const { requestId } = result as { requestId: string }
  const platform = lines.filter(({ stream }) => stream === 'platform').map(({ line }) => line)
  expect(platform.slice(2)).toEqual([
    expect.stringMatching(
      new RegExp(`^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z ${requestId} Task timed out after 0\\.10 seconds$`),
    ),
    `END RequestId: ${requestId}`,
    expect.stringMatching(/^REPORT .*\tStatus: timeout$/),
  ])
})
