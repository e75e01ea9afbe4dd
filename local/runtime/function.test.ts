import { describe, expect, test } from 'vitest'
import { root } from './bundle-entry.mjs'
import { payloadBytesMax } from './limits.ts'
import { answerOf, start } from './testing/started.ts'

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
      logStreamName: expect.stringContaining('[$LATEST]'),
      callbackWaitsForEmptyEventLoop: true,
    })
    for (const absent of ['clientContext', 'identity', 'done', 'succeed', 'fail'])
      expect(answer).not.toHaveProperty(absent)
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
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/shop',
      AWS_LAMBDA_LOG_STREAM_NAME: expect.stringContaining('[$LATEST]'),
      AWS_EXECUTION_ENV: expect.stringMatching(/^AWS_Lambda_nodejs\d+\.x$/),
      LAMBDA_TASK_ROOT: root,
      LAMBDA_RUNTIME_DIR: '/var/runtime',
      TZ: ':UTC',
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
