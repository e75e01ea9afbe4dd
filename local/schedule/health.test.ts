// What a probe is told of functions on a schedule.
import { expect, it } from 'vitest'
import { type Beat, isAlive, serveBeats } from './health.ts'

const beat: Beat = { name: 'lag', periodMs: 2_000, timeoutMs: 30_000, endedMs: 1_000_000, failure: null }

it('is alive while an invocation may still run, and not when it should have ended long ago', () => {
  expect(isAlive(beat, 1_000_000 + 62_000)).toBe(true)
  expect(isAlive(beat, 1_000_000 + 62_001)).toBe(false)
})

it('is alive but not ready while invocations fail: a restart would not bring back what they need', async () => {
  let failure: string | null = null
  const server = await serveBeats({ host: '127.0.0.1', port: 0 }, () => [{ ...beat, endedMs: Date.now(), failure }])
  const ask = async (path: string) => (await fetch(`http://127.0.0.1:${server.port}${path}`)).status
  expect([await ask('/live'), await ask('/ready'), await ask('/other')]).toEqual([200, 200, 404])
  failure = 'KAFKA_UNAVAILABLE'
  expect([await ask('/live'), await ask('/ready')]).toEqual([200, 503])
  server.close()
})
