// The figures that alarms watch: the dashboard's own, in the form that CloudWatch reads.
import { expect, it } from 'vitest'
import { openStore } from '../store/open.ts'
import { event, group } from '../store/testing/fixtures.ts'
import { metricLine, readFigures } from './figures.ts'

it('tells the age of the newest event and the share put aside, and no age before the first event', async () => {
  const nowMs = Date.UTC(2026, 4, 1, 12)
  const store = await openStore('sqlite::memory:', { clock: () => nowMs })
  expect(await readFigures(store, group, nowMs)).toEqual({ ErrorRate: 0 })
  const record = { ...event({ offset: 0 }, { event_id: 'a' }) }
  const bad = { ...event({ offset: 1 }, { event_id: 'b' }).record, value: new Uint8Array([1]) }
  await store.writeBatch({
    group,
    outcomes: [record, { kind: 'dead-letter', record: bad, code: 'NOT_JSON', reason: 'no JSON' }],
  })
  const { NewestEventAgeSeconds, ErrorRate } = await readFigures(store, group, nowMs + 90_000)
  expect(ErrorRate).toBe(0.5)
  expect(NewestEventAgeSeconds).toBeGreaterThanOrEqual(90)
  await store.close()
})

it('names every figure in the directive, as the embedded metric format asks', () => {
  const line = JSON.parse(metricLine('freshet/test', 'g', { NewestEventAgeSeconds: 3, ErrorRate: 0 }, 17))
  expect(line).toEqual({
    _aws: {
      Timestamp: 17,
      CloudWatchMetrics: [
        {
          Namespace: 'freshet/test',
          Dimensions: [['Group']],
          Metrics: [{ Name: 'NewestEventAgeSeconds' }, { Name: 'ErrorRate' }],
        },
      ],
    },
    Group: 'g',
    NewestEventAgeSeconds: 3,
    ErrorRate: 0,
  })
})
