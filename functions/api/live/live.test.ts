// The live stream: everything once, in order, whoever connects, reconnects or reads slowly.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../../store/store.ts'
import { deadLetter, event } from '../../store/testing/fixtures.ts'
import { type Live, type LiveMessage, liveSchema } from '../schemas.ts'
import { openTestApi, type TestApi } from '../testing.ts'

let api: TestApi
let calls: Record<string, number>
let watchers: number
let storeClock: TestApi['clock']
beforeEach(async () => {
  const { store, clock } = await openTestApi()
  storeClock = clock
  calls = {}
  watchers = 0
  api = await openTestApi({ store: counted(store) })
})
afterEach(() => api.store.close())

/** The same store, counting what is asked of it. */
function counted(store: Store): Store {
  return new Proxy(store, {
    get(target, name: keyof Store) {
      calls[name] = (calls[name] ?? 0) + 1
      if (name !== 'onCommit') return target[name]
      return (listener: () => void) => {
        watchers++
        const stop = target.onCommit(listener)
        return () => {
          watchers--
          stop()
        }
      }
    },
  })
}

/** Reads a stream frame by frame, as EventSource does. */
async function listen(path = '/api/live', headers: Record<string, string> = {}) {
  const response = await api.get(path, { accept: 'text/event-stream', ...headers })
  return frames(response)
}

function frames(response: Response) {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const decoder = new TextDecoder()
  let text = ''
  async function next(): Promise<Live> {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end >= 0) {
        const block = text.slice(0, end)
        text = text.slice(end + 2)
        const data = /^data: (.*)$/m.exec(block)?.[1]
        if (data === undefined) continue
        const frame = liveSchema.parse(JSON.parse(data))
        expect(/^id: (.*)$/m.exec(block)?.[1]).toBe(frame.cursor)
        return frame
      }
      const { value, done } = await reader.read()
      if (done) throw new Error('the stream has ended')
      text += decoder.decode(value, { stream: true })
    }
  }
  /** Frames until this cursor is reached. */
  async function until(cursor: string): Promise<Live[]> {
    const read = [await next()]
    while (read.at(-1)?.cursor !== cursor) read.push(await next())
    return read
  }
  return { next, until, cancel: () => reader.cancel() }
}

const rows = (...live: Live[]) =>
  live
    .flatMap(({ messages }) => messages)
    .flatMap((message) =>
      message.type === 'event' ? [message.event.seq] : message.type === 'dead-letter' ? [message.deadLetter.id] : [],
    )
const types = ({ messages }: Live) => messages.map(({ type }) => type)
const events = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => event({ offset: from + index }, { event_id: `e${from + index}` }))

describe('a stream', () => {
  test('begins with all numbers at once, and then brings each commit', async () => {
    await api.write(...events(0, 2))
    const stream = await listen()
    const first = await stream.next()
    expect(first).toMatchObject({ cursor: '2', skipped: 0 })
    expect(types(first)).toEqual(['summary', 'lag', 'throughput'])
    expect(buckets(first)).toHaveLength(300)
    await api.write(event({ offset: 2 }, { event_id: 'x' }), deadLetter({ offset: 3 }, 'bad'))
    const frame = (await stream.until('4')).at(-1) as Live
    expect(frame.messages).toMatchObject([
      { type: 'event', event: { seq: 3, event_id: 'x' } },
      { type: 'dead-letter', deadLetter: { id: 4, text: 'bad' } },
    ])
    expect(frame.messages[1]).not.toHaveProperty('deadLetter.raw')
    await stream.cancel()
  })

  test('follows a commit with numbers that count it', async () => {
    const stream = await listen()
    await stream.next()
    await api.write(...events(0, 3))
    api.clock.nowMs += 1000
    for (;;) {
      const summary = (await stream.next()).messages.find(isSummary)?.summary
      if (summary?.events === 3) break
    }
    await stream.cancel()
  })

  test('goes on after a reconnect without a loss or a double', async () => {
    const stream = await listen()
    await api.write(...events(0, 3))
    const seen = rows(...(await stream.until('3')))
    await stream.cancel()
    await api.write(...events(3, 4))
    // A browser repeats the address it first had, and adds the id of the last frame.
    const again = await listen('/api/live?after=0', { 'last-event-id': '3' })
    await api.write(...events(7, 2))
    seen.push(...rows(...(await again.until('9'))))
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    await again.cancel()
  })

  test('sends at most 50 events and 20 dead letters of a burst, the newest of each, and counts the others', async () => {
    const stream = await listen()
    await stream.next()
    const bad = Array.from({ length: 60 }, (_, index) => deadLetter({ offset: 60 + index }, `bad ${index}`))
    await api.write(...events(0, 60), ...bad)
    const frame = (await stream.until('120')).at(-1) as Live
    const newest = [...Array(50).keys()].map((index) => 11 + index)
    expect(rows(frame)).toEqual([...newest, ...[...Array(20).keys()].map((index) => 101 + index)])
    expect(frame.skipped).toBe(50)
    await stream.cancel()
  })

  test('never leaves out a dead letter for a flood of events that came with it', async () => {
    const stream = await listen()
    await stream.next()
    await api.write(deadLetter({ offset: 0 }, 'bad'), ...events(1, 60))
    const frame = (await stream.until('61')).at(-1) as Live
    expect(types(frame).filter((type) => type === 'dead-letter')).toHaveLength(1)
    await stream.cancel()
  })

  test('from another store says that there is a gap, and where it begins anew', async () => {
    await api.write(...events(0, 2))
    const stream = await listen('/api/live?after=900')
    const first = await stream.next()
    expect(first.cursor).toBe('2')
    expect(first.messages[0]).toEqual({ type: 'gap', from: '900', to: '2' })
    await stream.cancel()
  })

  test('from a cursor older than what is kept says which rows are gone, and counts them', async () => {
    await api.write(...events(0, 80))
    storeClock.nowMs += 10_000
    await api.write(...events(80, 60))
    const retention = { eventMsMax: 5_000, deadLetterMsMax: 5_000, bytesMax: null }
    await api.store.expire({ budgetMs: 1_000, retention })
    const stream = await listen('/api/live?after=20')
    const first = await stream.next()
    expect(first.messages[0]).toEqual({ type: 'gap', from: '20', to: '80' })
    expect([rows(first).length + first.skipped, first.cursor]).toEqual([120, '140'])
    await stream.cancel()
    const kept = liveSchema.parse(await (await api.get('/api/live?after=80')).json())
    expect([types(kept).includes('gap'), rows(kept).length + kept.skipped]).toEqual([false, 60])
  })

  test('of one who does not read queues little, and catches up with exact counts', async () => {
    const slow = await listen()
    await slow.next()
    const swift = await listen()
    for (let offset = 0; offset < 40; offset++) {
      await api.write(...events(offset * 10, 10))
      await swift.until(String((offset + 1) * 10))
    }
    const read = await slow.until('400')
    expect(read.length).toBeLessThan(12)
    const sent = rows(...read)
    expect(new Set(sent).size).toBe(sent.length)
    expect(sent).toEqual([...sent].sort((a, b) => a - b))
    expect(sent.length + read.reduce((sum, { skipped }) => sum + skipped, 0)).toBe(400)
    await Promise.all([slow.cancel(), swift.cancel()])
  })

  test('ends when the store fails, so that the way back tells why', async () => {
    const stream = await listen()
    await stream.next()
    await api.store.close()
    await expect(stream.until('never')).rejects.toThrow('the stream has ended')
    expect((await api.get('/api/live', { accept: 'text/event-stream' })).status).toBe(503)
    await openTestApi().then((fresh) => {
      api = fresh
    })
  })
})

test('two hundred listeners cost one reading of the store for each commit', async () => {
  const streams = await Promise.all(Array.from({ length: 200 }, () => listen()))
  await Promise.all(streams.map((stream) => stream.next()))
  await api.write(...events(0, 1))
  await Promise.all(streams.map((stream) => stream.until('1')))
  const before = calls.changesSince ?? 0
  await api.write(...events(1, 1))
  await Promise.all(streams.map((stream) => stream.until('2')))
  // A numbers' round may fall in between; what counts is that it is not two hundred.
  expect((calls.changesSince ?? 0) - before).toBeLessThanOrEqual(3)
  await Promise.all(streams.map((stream) => stream.cancel()))
  expect(watchers).toBe(0)
})

test('a poll answers the same messages in one piece', async () => {
  await api.write(...events(0, 3))
  const first = liveSchema.parse(await (await api.get('/api/live')).json())
  expect([first.cursor, rows(first)]).toEqual(['3', []])
  await api.write(...events(3, 2))
  const poll = liveSchema.parse(await (await api.get(`/api/live?after=${first.cursor}`)).json())
  expect([poll.cursor, rows(poll)]).toEqual(['5', [4, 5]])
  expect(types(poll).slice(-3)).toEqual(['summary', 'lag', 'throughput'])
})

test('where answers cannot stream, a stream is one poll', async () => {
  const { get } = await openTestApi({ store: api.store, streams: false })
  const response = await get('/api/live', { accept: 'text/event-stream' })
  expect(response.headers.get('content-type')).toBe('application/json')
})

test('through a server the first frame comes at once, and who goes away frees his place', async () => {
  const server = createAdaptorServer({ fetch: api.app.fetch })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/live`
  const abort = new AbortController()
  const response = await fetch(address, { headers: { accept: 'text/event-stream' }, signal: abort.signal })
  expect(response.headers.get('cache-control')).toContain('no-transform')
  const stream = frames(response)
  expect(types(await stream.next())).toContain('summary')
  await api.write(...events(0, 1))
  expect(rows(...(await stream.until('1')))).toEqual([1])
  expect(watchers).toBe(1)
  abort.abort()
  while (watchers > 0) await new Promise((resolve) => setTimeout(resolve, 10))
  server.close()
})

const isSummary = (message: LiveMessage) => message.type === 'summary'

function buckets({ messages }: Live) {
  const message = messages.find(({ type }) => type === 'throughput')
  return message?.type === 'throughput' ? message.buckets : []
}
