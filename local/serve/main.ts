// `npm run serve`: the API and the dashboard alone, for any store and any Kafka.
import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { createApp } from '../../functions/api/app.ts'
import { openParts } from '../../functions/api/open-parts.ts'
import { PipelineError } from '../../functions/errors.ts'
import { runCommand } from '../command.ts'
import { hostNames, listen } from '../dashboard/listen.ts'
import { mountPage } from '../dashboard/serve.ts'
import { givenVariables } from '../given-variables.ts'
import { periodMs } from '../scheduled.ts'

interface ServeOptions {
  host: string
  port: number
  tokenFile?: string
}

const command = new Command('npm run serve --')
  .description('Serves the API and the dashboard for the store STORE_URL and the Kafka KAFKA_BOOTSTRAP_SERVERS.')
  .option('--port <n>', 'the port, 0 = any free one', toPort, 4000)
  .option('--host <address>', 'the address to listen on; another than this machine alone needs a token', '127.0.0.1')
  .option('--token-file <file>', 'holds what the dashboard asks for; else the variable API_TOKEN does')
  .addHelpText('after', '\nAPI_HOSTS names, joined by commas, what it may be called. SIGTERM ends it.')
  .allowExcessArguments(false)
  .parse()

await runCommand(async (say) => {
  const { host, port, tokenFile } = command.opts<ServeOptions>()
  const { parts, close } = await openParts({
    LAG_SAMPLE_PERIOD_MS: String(periodMs('lag')),
    ...givenVariables(process.env),
    ...(tokenFile !== undefined && { API_TOKEN: readToken(tokenFile) }),
  })
  const app = createApp({ ...parts, streams: true, allowedHosts: hostNames(host, parts.allowedHosts) })
  mountPage(app)
  const server = await listen(app, { address: host, ports: [port], token: parts.token })
  say(`the dashboard is on http://${host}:${server.port}`)
  let stopping = false
  async function stop(): Promise<void> {
    if (stopping) process.exit(130)
    stopping = true
    await server.close()
    await close()
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop)
})

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw new PipelineError('CONFIG_INVALID', `--token-file ${file}: ${(cause as Error).message}`, { cause })
  }
}

function toPort(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('Expected a port from 0 to 65535.')
}
