// Lambda's init phase: what becomes of a handler whose module cannot be loaded.
import { expect, onTestFinished, test } from 'vitest'
import { bundleHandler } from './bundle.ts'
import { bundleEntry } from './bundle-entry.mjs'
import { Sandbox } from './sandbox.ts'
import { start } from './testing/started.ts'

const handler = 'local/runtime/fixtures/loading.handler'

test.each([
  ['an error of its module', 'throws', 'RangeError', 'not today'],
  ['a module that is not there', 'missing', 'Runtime.ImportModuleError', "Cannot find package 'missing'"],
  ['a module that waits for nothing', 'stuck', 'Runtime.ExitError', 'Runtime exited with error: exit status 13'],
])('%s fails the invocation, and the next one loads it again', async (_name, LOADING, errorType, message) => {
  const invoked = await start('', { handler, env: { LOADING } })
  for (let attempt = 0; attempt < 2; attempt++) {
    const errorMessage = expect.stringContaining(message)
    expect(await invoked.invoke('{}')).toMatchObject({
      kind: 'function-error',
      errorType,
      errorMessage,
      coldStart: true,
    })
  }
})

test('loading is ended by its own time-out', async () => {
  const { result } = await bundleHandler(handler)
  if (result instanceof Error) throw result
  const sandbox = new Sandbox({
    entry: await bundleEntry('local/runtime/environment.ts'),
    variables: { LOADING: 'slow' },
    timeoutMs: 5_000,
    initMsMax: 300,
    inspect: false,
    data: {
      ...result,
      handler,
      functionName: 'shop',
      memoryMB: 128,
      frozenRemainingMs: null,
      logStreamName: '',
      invokedFunctionArn: '',
    },
    onLog() {},
  })
  onTestFinished(() => sandbox.stop())
  expect(await sandbox.initialized).toMatchObject({
    errorType: 'Sandbox.Timedout',
    errorMessage: 'Error: Initialization timed out after 0.30 seconds',
  })
})
