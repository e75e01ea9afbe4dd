import { afterEach, describe, expect, test, vi } from 'vitest'
import { type FunctionOptions, type LocalFunction, type LogLine, startFunction } from './function.ts'
import type { InvokeResult } from './invoke-result.ts'
import { payloadBytesMax } from './limits.ts'

const running: LocalFunction[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((started) => started.close()))
})

async function start(exportName: string, options: Partial<FunctionOptions> = {}): Promise<LocalFunction> {
  const started = await startFunction({
    name: 'shop',
    handler: `local/runtime/fixtures/handlers.${exportName}`,
    env: {},
    timeoutMs: 5_000,
    memoryMB: 128,
    concurrencyMax: 1,
    ...options,
  })
  running.push(started)
  return started
}

/** The answer of a successful invocation. */
function answerOf(result: InvokeResult): unknown {
  if (result.kind !== 'ok') throw new Error(`not ok: ${JSON.stringify(result)}`)
  return JSON.parse(result.payload)
}

describe('an invocation', () => {
  test('takes JSON and answers JSON; undefined is null', async () => {
    const echo = await start('echo')
    expect(answerOf(await echo.invoke('{"a":[1,"ü"],"b":null}'))).toEqual({ a: [1, 'ü'], b: null })
    const nothing = await start('nothing')
    expect(await nothing.invoke('{}')).toMatchObject({ kind: 'ok', payload: 'null' })
  })

  test('is cold in a new environment and warm in a used one, which keeps its state', async () => {
    const counting = await start('counting')
    const first = await counting.invoke('{}')
    const second = await counting.invoke('{}')
    expect(first).toMatchObject({ kind: 'ok', payload: '1', coldStart: true, initMs: expect.any(Number) })
    expect(second).toMatchObject({ kind: 'ok', payload: '2', coldStart: false })
    expect(second).not.toHaveProperty('initMs')
  })

  test('finds what Lambda tells it in its context, and a remaining time that runs down', async () => {
    const invoked = await start('context')
    const result = await invoked.invoke('{}')
    const answer = answerOf(result) as Record<string, number>
    expect(answer).toMatchObject({
      functionName: 'shop',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:shop',
      memoryLimitInMB: '128',
      awsRequestId: (result as { requestId: string }).requestId,
      logGroupName: '/aws/lambda/shop',
    })
    expect(answer.first).toBeLessThanOrEqual(5_000)
    expect(answer.first).toBeGreaterThan(0)
    expect(Number(answer.first) - Number(answer.second)).toBeGreaterThan(30)
  })

  test('sees the variables it was given and those of Lambda, and nothing of the process around it', async () => {
    process.env.SECRET_OF_THE_SHELL = 'x'
    process.env.NODE_OPTIONS ??= '--no-deprecation'
    const invoked = await start('environment', { env: { TOPIC: 'retail-events', AWS_REGION: 'ap-southeast-2' } })
    const variables = answerOf(await invoked.invoke('{}')) as Record<string, string>
    expect(variables).toMatchObject({
      TOPIC: 'retail-events',
      AWS_REGION: 'ap-southeast-2',
      AWS_LAMBDA_FUNCTION_NAME: 'shop',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
      _HANDLER: 'local/runtime/fixtures/handlers.environment',
    })
    const own = /^(_HANDLER|AWS_|LAMBDA_|PATH$|LANG$|TZ$|TOPIC$)/
    expect(Object.keys(variables).filter((name) => !own.test(name))).toEqual([])
  })

  test('is refused when the event is larger than Lambda takes, and at the limit it is not', async () => {
    const nothing = await start('nothing')
    const event = JSON.stringify('x'.repeat(payloadBytesMax - 2))
    expect((await nothing.invoke(event)).kind).toBe('ok')
    await expect(nothing.invoke(`${event} `)).rejects.toThrow('6291557 bytes')
  })
})

describe('a function error', () => {
  test('carries the name, the message and the stack of what was thrown, in terms of the source', async () => {
    const result = await (await start('throwing')).invoke('{}')
    expect(result).toMatchObject({
      kind: 'function-error',
      errorType: 'ShopClosed',
      errorMessage: 'we open at nine',
      trace: expect.arrayContaining([expect.stringMatching(/fixtures\/handlers\.ts:\d+:\d+/)]),
    })
  })

  test('is made of anything that is thrown', async () => {
    const result = await (await start('throwingText')).invoke('{}')
    expect(result).toMatchObject({ kind: 'function-error', errorType: 'string', errorMessage: 'just text' })
  })

  test.each([
    ['an event that is no JSON', 'echo', '{', 'SyntaxError'],
    ['an answer that is no JSON', 'circular', '{}', 'TypeError'],
    [
      'an answer larger than Lambda takes',
      'answering',
      `{"bytes":${payloadBytesMax + 1}}`,
      'Function.ResponseSizeTooLarge',
    ],
  ])('comes of %s, and the environment stays', async (_name, handler, event, errorType) => {
    const invoked = await start(handler)
    expect(await invoked.invoke(event)).toMatchObject({ kind: 'function-error', errorType })
    expect(await invoked.invoke('{"bytes":10}')).toMatchObject({ coldStart: false })
  })

  test.each([
    ['an exit', 'exiting', '{"code":0}', 'Runtime.ExitError', 'Error: Runtime exited without providing a reason'],
    ['an exit with a status', 'exiting', '{"code":3}', 'Runtime.ExitError', 'Runtime exited with error: exit status 3'],
    ['an exception outside of the handler', 'throwingLater', '{}', 'TypeError', 'in a timer'],
    ['a rejection nobody handles', 'rejectingUnseen', '{}', 'Runtime.UnhandledPromiseRejection', 'nobody waits for me'],
    ['one array without end', 'growing', '{}', 'Runtime.OutOfMemory', 'Runtime exited with error: signal: killed'],
    ['too much in the heap', 'hoarding', '{}', 'Runtime.OutOfMemory', 'Runtime exited with error: signal: killed'],
  ])('comes of %s, and the next invocation gets a new environment', async (_name, handler, event, type, message) => {
    const invoked = await start(handler, { memoryMB: 32 })
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await invoked.invoke(event)).toMatchObject({
        kind: 'function-error',
        errorType: type,
        errorMessage: expect.stringContaining(message),
        coldStart: true,
      })
    }
  })
})

describe('the limits', () => {
  test.each([
    ['waits', 'waiting', '{"ms":60000}'],
    ['never lets go of its thread', 'spinning', '{}'],
  ])('a handler that %s is ended by its time-out', async (_name, handler, event) => {
    const invoked = await start(handler, { timeoutMs: 300 })
    const result = await invoked.invoke(event)
    expect(result).toMatchObject({ kind: 'function-error', errorType: 'Sandbox.Timedout', coldStart: true })
    const { requestId, errorMessage } = result as { requestId: string; errorMessage: string }
    expect(errorMessage).toBe(`RequestId: ${requestId} Error: Task timed out after 0.30 seconds`)
    expect(await invoked.invoke(event)).toMatchObject({ coldStart: true })
  })

  test('an answer that came in time is not taken for late when this thread was busy meanwhile', async () => {
    const invoked = await start('waiting', { timeoutMs: 300 })
    await invoked.invoke('{"ms":0}')
    const result = invoked.invoke('{"ms":50}')
    await new Promise((resolve) => setImmediate(resolve))
    const until = performance.now() + 1_000
    while (performance.now() < until);
    expect((await result).kind).toBe('ok')
  })

  test('a debugger may hold the handler: no time-out, and the remaining time stands still', async () => {
    const waiting = await start('waiting', { timeoutMs: 20, inspect: true })
    expect((await waiting.invoke('{"ms":100}')).kind).toBe('ok')
    const context = await start('context', { timeoutMs: 20, inspect: true })
    expect(answerOf(await context.invoke('{}'))).toMatchObject({ first: 20, second: 20 })
  })

  test.each([true, false])(
    'memory kept from one invocation to the next is ended at the limit (buffers: %s)',
    async (buffers) => {
      const invoked = await start('leaking', { memoryMB: 64 })
      const event = JSON.stringify({ MB: 25, buffers })
      expect((await invoked.invoke(event)).kind).toBe('ok')
      const second = await invoked.invoke(event)
      expect(second).toMatchObject({ kind: 'ok', coldStart: false })
      expect((second as { memoryUsedMB: number }).memoryUsedMB).toBeGreaterThan(50)
      expect(await invoked.invoke(event)).toMatchObject({ kind: 'function-error', errorType: 'Runtime.OutOfMemory' })
      expect(await invoked.invoke(event)).toMatchObject({ kind: 'ok', payload: '25', coldStart: true })
    },
  )

  test('garbage is not held against a function', async () => {
    const invoked = await start('littering', { memoryMB: 64 })
    for (let time = 0; time < 5; time++) expect((await invoked.invoke('{"MB":50}')).kind).toBe('ok')
  })
})

describe('execution environments', () => {
  test('are as many as run at once, up to the limit; beyond it an invocation is throttled', async () => {
    const invoked = await start('waiting', { concurrencyMax: 2 })
    const both = [invoked.invoke('{"ms":200}'), invoked.invoke('{"ms":200}')]
    expect(await invoked.invoke('{"ms":1}')).toEqual({ kind: 'throttled' })
    expect((await Promise.all(both)).map(({ kind }) => kind)).toEqual(['ok', 'ok'])
    expect(await invoked.invoke('{"ms":1}')).toMatchObject({ kind: 'ok', coldStart: false })
  })

  test('are reused most recent first', async () => {
    const counting = await start('counting', { concurrencyMax: 3 })
    await Promise.all([counting.invoke('{}'), counting.invoke('{}'), counting.invoke('{}')])
    const answers = []
    for (let time = 0; time < 4; time++) answers.push(answerOf(await counting.invoke('{}')))
    expect(answers).toEqual([2, 3, 4, 5])
  })

  test('one that was started ahead takes the first invocation', async () => {
    const counting = await start('counting', { warm: true, concurrencyMax: 1 })
    expect(await counting.invoke('{}')).toMatchObject({ kind: 'ok', payload: '1', coldStart: true })
  })

  test('an abort ends what runs, and the function can be invoked again', async () => {
    const invoked = await start('waiting')
    const result = invoked.invoke('{"ms":60000}')
    await invoked.abort()
    expect(await result).toMatchObject({ kind: 'function-error', errorType: 'Sandbox.Aborted' })
    expect((await invoked.invoke('{"ms":1}')).kind).toBe('ok')
  })

  test('closing ends what runs, even what never lets go, and nothing starts after it', async () => {
    const invoked = await start('spinning')
    const result = invoked.invoke('{}')
    await invoked.close()
    expect(await result).toMatchObject({ kind: 'function-error', errorType: 'Sandbox.Aborted' })
    await expect(invoked.invoke('{}')).rejects.toThrow('shop is closed')
  })
})

describe('the log', () => {
  async function logOf(handler: string, event: string): Promise<{ lines: LogLine[]; result: InvokeResult }> {
    const lines: LogLine[] = []
    const invoked = await start(handler, { onLog: (line) => lines.push(line) })
    return { result: await invoked.invoke(event), lines }
  }

  test('has what was printed, line by line, between the lines of Lambda', async () => {
    const { lines, result } = await logOf('printing', '{"text":"one\\ntwo"}')
    const { requestId } = result as { requestId: string }
    expect(lines.map(({ stream, line }) => [stream, line])).toEqual([
      ['platform', `START RequestId: ${requestId} Version: $LATEST`],
      ['stdout', 'log { a: 1 }'],
      ['stderr', 'error'],
      ['stdout', 'one'],
      ['stdout', 'two'],
      ['platform', `END RequestId: ${requestId}`],
      [
        'platform',
        expect.stringMatching(/^REPORT .*\tDuration: [\d.]+ ms\t.*\tMemory Size: 128 MB\t.*\tInit Duration: /),
      ],
    ])
    expect(new Set(lines.map((line) => line.requestId))).toEqual(new Set([requestId]))
  })

  test('has the last words of a function that exits', async () => {
    const { lines } = await logOf('printingAndExiting', '{}')
    expect(lines.map(({ line }) => line)).toContain('last words, without a line end')
    expect(lines.at(-1)?.line).toContain('Status: error\tError Type: Runtime.ExitError')
  })

  test('has why a handler could not be loaded, even when nobody has asked for it yet', async () => {
    const lines: string[] = []
    await start('callback', { warm: true, onLog: ({ line }) => lines.push(line) })
    await vi.waitFor(() =>
      expect(lines.at(-1)).toMatch(/^INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: error/),
    )
    expect(lines[0]).toContain('takes a callback; make it an async function')
  })

  test('stays bounded, whatever a function prints', async () => {
    const { lines } = await logOf('printing', '{"text":"x\\n","times":20000}')
    const printed = lines.filter(({ stream }) => stream === 'stdout')
    expect(printed).toHaveLength(10_001)
    expect(printed.at(-1)?.line).toBe('(10001 more lines were left out)')
  })
})

describe('a handler that cannot be had', () => {
  test.each([
    ['no file', 'local/runtime/fixtures/absent.handler', 'there is no file for it'],
    ['no such export', 'local/runtime/fixtures/handlers.absent', 'but not absent'],
    ['no dot', 'local/runtime/fixtures/handlers', 'there is no file for it'],
  ])('%s is said at the start', async (_name, handler, message) => {
    await expect(start('', { handler })).rejects.toMatchObject({
      code: 'HANDLER_NOT_FOUND',
      message: expect.stringContaining(message),
    })
  })

  test('a handler with a callback is told to be async', async () => {
    expect(await (await start('callback')).invoke('{}')).toMatchObject({
      kind: 'function-error',
      errorType: 'Runtime.CallbackHandlerDeprecated',
    })
  })

  test('a variable that Lambda keeps for itself is refused', async () => {
    await expect(start('echo', { env: { AWS_LAMBDA_FUNCTION_NAME: 'mine' } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('AWS_LAMBDA_FUNCTION_NAME'),
    })
  })
})
