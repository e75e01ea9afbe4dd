import { describe, expect, test } from 'vitest'
import { payloadBytesMax } from './limits.ts'
import { answerOf, start } from './testing/started.ts'

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

  test.each([
    ['a text', 'throwingText', { errorType: 'string', errorMessage: 'just text', trace: [] }],
    ['nothing', 'throwingNothing', { errorType: 'string', errorMessage: 'handled', trace: [] }],
    ['what looks like an error', 'throwingLikeError', { errorType: 'Foreign', errorMessage: 'of another realm' }],
    [
      'what has no text',
      'throwingTextless',
      { errorType: 'handled', errorMessage: expect.stringContaining('problem') },
    ],
  ])('is made of anything that is thrown: %s', async (_name, handler, error) => {
    expect(await (await start(handler)).invoke('{}')).toMatchObject({ kind: 'function-error', ...error })
  })

  test('says of an answer that is no JSON what Lambda says', async () => {
    const result = await (await start('circular')).invoke('{}')
    expect(result).toMatchObject({ errorType: 'Error', errorMessage: 'Unable to stringify response body' })
  })

  test('comes of no promise that nothing can settle when the function is not marked async: that is an answer of null', async () => {
    const invoked = await start('neverSettlingUnmarked')
    expect(await invoked.invoke('{}')).toMatchObject({ kind: 'ok', payload: 'null' })
    expect(await invoked.invoke('{}')).toMatchObject({ kind: 'ok', payload: 'null', coldStart: false })
  })

  test.each([
    ['an event that is no JSON', 'echo', '{', 'SyntaxError'],
    ['an answer that is no JSON', 'circular', '{}', 'Error'],
    ['a promise that nothing can settle any more', 'neverSettling', '{}', 'Runtime.NodeJsExit'],
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
    [
      'a rejection nobody handles',
      'rejectingUnseen',
      '{}',
      'Runtime.UnhandledPromiseRejection',
      'TypeError: nobody waits for me',
    ],
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
