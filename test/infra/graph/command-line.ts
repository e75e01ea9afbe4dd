// A stand-in for the SST CLI, which components ask over HTTP: for the account's bootstrap, and to bundle handlers.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { type BuildRequest, type Built, buildHandler } from './build-handler.ts'

export interface CommandLine {
  url: string
  /** The handlers that were bundled. */
  builds: Built[]
  close(): void
}

export async function startCommandLine(): Promise<CommandLine> {
  const builds: Built[] = []
  const methods: Record<string, (params: unknown) => unknown> = {
    'Provider.Aws.Bootstrap': () => ({
      asset: 'sst-asset',
      assetEcrRegistryId: '123456789012',
      assetEcrUrl: '123456789012.dkr.ecr.mock/sst-asset',
      state: 'sst-state',
      appsyncHttp: 'appsync.mock',
      appsyncRealtime: 'appsync-realtime.mock',
    }),
    'Provider.Aws.Appsync': () => ({ http: 'appsync.mock', realtime: 'appsync-realtime.mock' }),
    'Runtime.AddTarget': () => ({}),
    'Runtime.Build': async (params) => {
      const { built, answer } = await buildHandler(params as BuildRequest)
      if (built) builds.push(built)
      return answer
    },
  }
  const server = createServer(async (request, response) => {
    const { method, params } = (await json(request)) as { method: string; params?: unknown[] }
    const call = methods[method]
    const reply = call ? { result: await call(params?.[0] ?? {}) } : { error: `rpc: can't find method ${method}` }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(reply))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, builds, close: () => server.close() }
}
