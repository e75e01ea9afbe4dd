// Measures the store: CPU and wall time per event written, its size, its opening, and every question of the dashboard.
//
//   npm run bench:store -- [--events 1000000] [--batch 1000] [--dir FOLDER] [--rounds 300]
//
// A store in --dir is kept, and filled up to --events once; without it a temporary one is made. Questions are timed at
// 10,000 events, at --events, and at figures of a whole month, while another process writes 5,000 events/s.
import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { openStore } from '../../functions/store/open.ts'
import { root } from '../../local/runtime/bundle-entry.mjs'
import {
  eventMsOf,
  eventsPerSecond,
  type Fill,
  fill,
  group,
  monthOfEvents,
  monthSeconds,
  outcome,
  writeAtRate,
} from './store-load.ts'
import { type QueryTimes, spread, timeQueries } from './store-queries.ts'

const smallEvents = 10_000
const writtenPerSecond = 5_000

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    batch: { type: 'string', default: '1000' },
    dir: { type: 'string' },
    rounds: { type: 'string', default: '300' },
    /** This process is the writer beside the questions. */
    writer: { type: 'string' },
  },
})
const events = Number(values.events)
const batchSize = Number(values.batch)
const rounds = Number(values.rounds)

if (values.writer === undefined) await measure()
else await write(values.writer)

async function measure(): Promise<void> {
  const folder = values.dir === undefined ? mkdtempSync(join(tmpdir(), 'freshet-bench-')) : resolve(values.dir)
  mkdirSync(folder, { recursive: true })
  try {
    await measureSize(join(folder, 'small.db'), smallEvents)
    await measureSize(join(folder, 'large.db'), events)
    await measureMonth(join(folder, 'month.db'))
  } finally {
    if (values.dir === undefined) rmSync(folder, { recursive: true })
  }
}

async function measureSize(file: string, size: number): Promise<void> {
  console.log(`\n${size.toLocaleString('en')} events, ${file}`)
  const store = await openStore(`sqlite:${file}`)
  const { events: before } = await store.totals(group)
  if (before < size) {
    const filled = await fill(store, { from: before, to: size, batchSize })
    reportFill(filled, { written: size - before })
    await reportAgain(store)
  }
  await store.close()
  reportSize(file, Math.max(before, size))
  await reportOpening(file)
  await reportQueries(file, Math.max(before, size))
}

/** Figures grow with time and not with events: a month of hours that have all there is, and an hour of such minutes. */
async function measureMonth(file: string): Promise<void> {
  const times = monthOfEvents()
  console.log(`\n${times.length.toLocaleString('en')} events of a month, ${file}`)
  const store = await openStore(`sqlite:${file}`)
  const { events: before } = await store.totals(group)
  for (let from = before; from < times.length; from += batchSize) {
    const moments = times.slice(from, from + batchSize)
    await store.writeBatch({ group, outcomes: moments.map((ms, index) => outcome(from + index, ms)) })
  }
  await store.close()
  await reportQueries(file, monthSeconds * eventsPerSecond)
}

function reportFill({ tenths, batches }: Fill, { written }: { written: number }): void {
  const row = (what: string, numbers: number[]) => ({
    'us per event': what,
    'first tenth': numbers[0]?.toFixed(1),
    mean: (numbers.reduce((sum, number) => sum + number, 0) / numbers.length).toFixed(1),
    'last tenth': numbers.at(-1)?.toFixed(1),
    'first / last': ((numbers[0] ?? 0) / (numbers.at(-1) ?? 1)).toFixed(2),
  })
  console.log(`${written.toLocaleString('en')} written in batches of ${batchSize}`)
  console.table([
    row(
      'CPU',
      tenths.map(({ cpu }) => cpu),
    ),
    row(
      'wall',
      tenths.map(({ wall }) => wall),
    ),
  ])
  console.log(`one batch: ${inWords(spread(batches))}`)
}

/** Known offsets with other ids: the topic was made anew. */
async function reportAgain(store: Awaited<ReturnType<typeof openStore>>): Promise<void> {
  const outcomes = Array.from({ length: batchSize }, (_, index) => outcome(index))
  const startedMs = performance.now()
  await store.writeBatch({ group: 'another', outcomes })
  console.log(`one batch of another group: ${(performance.now() - startedMs).toFixed(1)} ms`)
}

function reportSize(file: string, size: number): void {
  const sample = Array.from({ length: 1_000 }, (_, index) => outcome(index))
  const json = sample.reduce((bytes, { record }) => bytes + (record.value?.length ?? 0), 0) / sample.length
  const perEvent = statSync(file).size / size
  console.log(
    `${perEvent.toFixed(0)} bytes per event, ${(perEvent / json).toFixed(2)} times its JSON (${json.toFixed(0)})`,
  )
}

/** Until the first answer; a writer's first batch reads the ids' filters as well. */
async function reportOpening(file: string): Promise<void> {
  const opening: number[] = []
  for (let time = 0; time < 5; time++) {
    const startedMs = performance.now()
    const store = await openStore(`sqlite:${file}`)
    await store.totals(group)
    opening.push(performance.now() - startedMs)
    await store.close()
  }
  const startedMs = performance.now()
  const store = await openStore(`sqlite:${file}`)
  await store.writeBatch({ group: 'another', outcomes: [] })
  const withFilters = performance.now() - startedMs
  await store.close()
  console.log(`opening: ${inWords(spread(opening))}; until a first batch is written ${withFilters.toFixed(0)} ms`)
}

async function reportQueries(file: string, size: number): Promise<void> {
  const entry = ['test/bench/store.ts', '--writer', file, '--events', String(size)]
  const writer = fork(join(root, 'local/run.mjs'), entry, { cwd: root, stdio: 'inherit' })
  await answerOf(writer)
  const reader = await openStore(`sqlite:${file}`, { readOnly: true })
  const times = await timeQueries(reader, { rounds, events: size })
  await reader.close()
  writer.send('stop')
  const written = (await answerOf(writer)) as { perSecond: number }
  console.log(`questions in ms, ${rounds} times each, while ${written.perSecond.toFixed(0)} events/s were written`)
  console.table(Object.fromEntries(times.map(toRow)))
}

function toRow({ query, p50, p99, max, cpu }: QueryTimes): [string, Record<string, string>] {
  return [query, { CPU: cpu.toFixed(2), p50: p50.toFixed(2), p99: p99.toFixed(2), max: max.toFixed(2) }]
}

function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', (code) => reject(new Error(`the writer ended with ${code}`)))
  })
}

/** Writes events that are new to the store until it is told to stop. */
async function write(file: string): Promise<void> {
  const store = await openStore(`sqlite:${file}`)
  let isOver = false
  process.on('message', () => {
    isOver = true
  })
  // Their numbers are far above the others', so that the store's own events stay what they are; their time is the
  // newest of the others', so that they change the figures that are asked for.
  const from = 1_000_000_000 + Date.now()
  const eventMs = eventMsOf(events)
  const startedMs = performance.now()
  process.send?.('ready')
  const written = await writeAtRate(store, { from, eventMs, perSecond: writtenPerSecond, isOver: () => isOver })
  const perSecond = written.events / ((performance.now() - startedMs) / 1_000)
  await store.close()
  process.send?.({ perSecond })
  process.disconnect()
}

function inWords({ p50, p99, max }: { p50: number; p99: number; max: number }): string {
  return `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ms`
}
