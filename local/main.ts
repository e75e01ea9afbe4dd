// `npm run local`: the whole pipeline on this machine, told in plain lines.
import { spawn } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import inspector from 'node:inspector'
import { join, relative } from 'node:path'
import pc from 'picocolors'
import { clearStore } from '../functions/store/clear.ts'
import { pipeline } from '../infra/pipeline.ts'
import { writeAddresses } from './addresses.ts'
import { holdDirectory } from './data-directory.ts'
import { type LocalOptions, readOptions } from './options.ts'
import { type Stack, startStack } from './stack.ts'
import type { News } from './start.ts'
import { banner, keyBar } from './terminal/banner.ts'
import { listenToKeys } from './terminal/keys.ts'
import { reporter } from './terminal/report.ts'

const options = readOptions(process.argv.slice(2))
// The terminal speaks in the reader's zone, handlers find Lambda's: threads share the process's one.
const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
process.env.TZ = 'UTC'
const print = (line: string) => console.log(line)
const report = reporter({ json: options.json, print, colors: pc, now: Date.now, timeZone })

try {
  await run(options)
} catch (error) {
  report.failed(error as Error)
  process.exit(1)
}

async function run(options: LocalOptions): Promise<void> {
  const held = holdDirectory(options.data)
  if (options.inspect !== undefined) inspector.open(options.inspect, '127.0.0.1')
  let stopping = false
  let stack = await start(0)

  /** `sinceMs`: on the process's own clock, 0 is its beginning. */
  async function start(sinceMs: number): Promise<Stack> {
    const early: News[] = []
    let tell = (news: News): void => {
      early.push(news)
    }
    const stack = await startStack(options, (news) => tell(news))
    writeAddresses(options.data, stack)
    report.ready(stack, () => banner(bannerFacts(stack, performance.now() - sinceMs), pc))
    // The ready line comes first, whatever happened on the way to it.
    tell = hear
    early.forEach(hear)
    return stack
  }

  async function stop(exitCode: number): Promise<void> {
    if (stopping) process.exit(exitCode || 130)
    stopping = true
    report.say('freshet', 'finishing the running batch; once more to leave at once')
    await stack.stop()
    held.release()
    process.exit(exitCode)
  }

  function hear(news: News): void {
    if (stopping) return
    report.hear(news)
    if (news.type === 'fatal') stop(1)
  }

  async function reset(): Promise<void> {
    const sinceMs = performance.now()
    await stack.stop()
    clearDirectory(options.data)
    await clearStore(options.store)
    stack = await start(sinceMs)
  }

  // Whoever read the lines is gone (`| head`): that is no reason to lose a batch.
  process.stdout.on('error', () => stop(0))
  process.on('SIGINT', () => stop(0))
  process.on('SIGTERM', () => stop(0))
  process.on('SIGHUP', () => stop(0))
  listenToKeys(process.stdin, keyActions({ stack: () => stack, stop: () => stop(0), reset }))
}

interface KeyTargets {
  stack: () => Stack
  stop: () => void
  reset: () => Promise<void>
}

function keyActions({ stack, stop, reset }: KeyTargets): (key: string) => void {
  let confirming = false
  return (key) => {
    if (confirming) {
      confirming = false
      if (key !== 'y') return report.say('freshet', 'nothing was reset')
      reset().catch((error: Error) => {
        report.failed(error)
        process.exit(1)
      })
    } else if (key === 'q' || key === 'ctrl-c') stop()
    else if (key === 'o') openInBrowser(stack().dashboard)
    else if (key === 'p') stack().pauseProducer(stack().producer() === 'running')
    else if (key === 'b') stack().sendBadRecord()
    else if (key === 'h') console.log(keyBar(pc))
    else if (key === 'r') {
      confirming = true
      report.say('freshet', `delete ${whatResetDeletes(options)}? y / n`)
    }
  }
}

function bannerFacts(stack: Stack, readyMs: number) {
  const mapping = pipeline.mappings.find(({ consumerGroupId }) => consumerGroupId === pipeline.shop.group)
  return {
    readyMs,
    dashboard: stack.dashboard,
    kafka: stack.kafka,
    topic: pipeline.shop.topic,
    partitions: pipeline.topics[pipeline.shop.topic as keyof typeof pipeline.topics].partitions,
    store: storeName(options.store),
    events: stack.events,
    batchSize: mapping?.settings.BatchSize ?? 100,
    windowSeconds: mapping?.settings.MaximumBatchingWindowInSeconds,
    inspect: inspector.url(),
    keys: process.stdin.isTTY === true,
    notes: stack.notes,
  }
}

/** A file as a path from here; an address without its password. */
function storeName(url: string): string {
  if (url.startsWith('sqlite:')) return relative(process.cwd(), url.slice('sqlite:'.length).replace(/\?.*/, '')) || url
  return url.replace(/\/\/([^:@/]+):[^@]*@/, '//$1:***@')
}

/** A store may lie elsewhere, and a Kafka of theirs is not ours to delete. */
function whatResetDeletes({ data, store, brokers }: LocalOptions): string {
  const isElsewhere = !store.startsWith(`sqlite:${data}`)
  const elsewhere = isElsewhere ? ` and everything in the store ${storeName(store)}` : ''
  return `everything in ${data}${elsewhere}${brokers === undefined ? '' : ` (but nothing of ${brokers})`}`
}

/** Deletes what a run has written, but for the lock this process holds. */
function clearDirectory(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (['kafka', 'logs', 'send'].includes(name) || name.startsWith('freshet.db')) {
      rmSync(join(directory, name), { recursive: true, force: true })
    }
  }
}

function openInBrowser(url: string): void {
  const command = { darwin: 'open', win32: 'explorer' }[process.platform as 'darwin' | 'win32'] ?? 'xdg-open'
  spawn(command, [url], { stdio: 'ignore', detached: true })
    .on('error', () => report.say('freshet', `no browser could be started; open ${url}`))
    .unref()
}
