// `npm run send`: publishes a file of events, one JSON object a line, to the stack's topic or to a Kafka elsewhere.
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { logLevel } from 'kafkajs'
import { publishEvents } from '../functions/api/publish/publish-events.ts'
import { eventRulesOf } from '../functions/business.ts'
import { PipelineError } from '../functions/errors.ts'
import { openPublisher, type Publish } from '../functions/kafka/publish.ts'
import { pipelineEnvironment } from '../infra/environment.ts'
import { pipeline } from '../infra/pipeline.ts'
import { findStack, isRunning } from './addresses.ts'
import { runCommand } from './command.ts'
import { beginning, bookmarkOf, type Place } from './send/bookmark.ts'
import { readLines } from './send/lines.ts'
import { lineBytesMax, type PublishBatch, sendLines } from './send/send-lines.ts'
import { type Progress, progressOn } from './terminal/progress.ts'

interface SendOptions {
  /** A path, or - for what is piped in. */
  file: string
  /** Absolute: the folder of the local stack. */
  data: string
  topic: string
  brokers?: string
  /** False: begins at the beginning, whatever was sent before. */
  resume: boolean
}

await runCommand(async (say) => {
  const options = readOptions(process.argv.slice(2))
  const brokers = options.brokers ?? brokersOf(options.data)
  const publisher = openPublisher({ clientId: 'freshet-send', brokers: brokers.split(','), logLevel: logLevel.NOTHING })
  const progress = progressOn(process.stderr, () => performance.now())
  try {
    const source = options.file === '-' ? pipedIn() : await openFile(options, `${brokers} ${options.topic}`)
    if (source.place.lines > 0) say(`going on behind line ${count(source.place.lines)}`)
    const { sent, refused } = await send(source, publishTo(publisher.publish, options.topic), progress)
    await source.done()
    progress.end()
    say(`${count(sent)} events sent to ${options.topic}, ${count(refused)} lines refused`)
    if (refused > 0) process.exitCode = 2
  } finally {
    await publisher.close()
  }
})

interface Source {
  chunks: AsyncIterable<Uint8Array>
  /** null: nobody knows. */
  size: number | null
  /** Where to begin. */
  place: Place
  keep(place: Place): Promise<void>
  /** All of it was sent. */
  done(): Promise<void>
}

/** What comes through a pipe cannot be gone back to; sending all of it again is safe, since consumers know the ids. */
function pipedIn(): Source {
  return { chunks: process.stdin, size: null, place: beginning, keep: async () => {}, done: async () => {} }
}

async function openFile({ file, data, resume }: SendOptions, target: string): Promise<Source> {
  const handle = await open(file).catch((cause: Error) => {
    throw new PipelineError('EVENT_FILE_INVALID', cause.message, { cause, hint: 'Name a file with one event a line.' })
  })
  const bookmark = bookmarkOf(handle, { directory: join(data, 'send'), path: resolve(file), target })
  const place = resume ? await bookmark.read() : beginning
  return {
    chunks: createReadStream(file, { start: place.bytes }),
    size: (await handle.stat()).size,
    place,
    keep: (place) => bookmark.keep(place),
    async done() {
      await bookmark.remove()
      await handle.close()
    },
  }
}

async function send(source: Source, publish: PublishBatch, progress: Progress): Promise<Place> {
  const { chunks, size, place } = source
  const startedMs = performance.now()
  const lines = readLines(chunks, { from: place.bytes, number: place.lines, bytesMax: lineBytesMax })
  return sendLines(lines, place, {
    publish,
    onRefused: (number, why) => progress.say(`line ${number}: ${why}`),
    async onPlace(now) {
      await source.keep(now)
      const perSecond = ((now.sent - place.sent) / (performance.now() - startedMs)) * 1000
      const text = `${count(now.sent)} sent, ${count(now.refused)} refused, ${count(Math.round(perSecond))}/s`
      progress.show({ share: size === null ? null : now.bytes / Math.max(size, 1), text })
    },
    pause: (ms) => new Promise((resume) => setTimeout(resume, ms)),
  })
}

/** Events are judged here as POST /api/events judges them, and go to the topic as they came. */
function publishTo(publish: Publish, topic: string): PublishBatch {
  const rules = eventRulesOf(pipelineEnvironment())
  return (events) => publishEvents(events, { publish, topic, rules, now: Date.now })
}

/** @throws PipelineError CONFIG_INVALID when no stack runs there */
function brokersOf(data: string): string {
  const found = findStack(data)
  if (isRunning(found)) return found.kafka
  found.release()
  const hint = 'Start it with npm run local, or name a Kafka with --brokers host:port.'
  throw new PipelineError('CONFIG_INVALID', `no stack runs on ${data}`, { hint })
}

function readOptions(args: string[]): SendOptions {
  const command = new Command('npm run send --')
    .description('Publishes events from a file with one JSON object a line. Interrupted, it goes on where it stopped.')
    .argument('<file>', 'the file, or - for what is piped in')
    .option('--topic <name>', 'the topic', pipeline.shop.topic)
    .option('--data <dir>', 'the folder of the running local stack', '.freshet')
    .option('--brokers <host:port,...>', 'send to this Kafka instead')
    .option('--no-resume', 'begin at the beginning, whatever was sent before')
    .allowExcessArguments(false)
    .parse(args, { from: 'user' })
  const options = command.opts<Omit<SendOptions, 'file'>>()
  return { ...options, data: resolve(options.data), file: command.args[0] ?? '-' }
}

function count(value: number): string {
  return value.toLocaleString('en')
}
