import { createColors } from 'picocolors'
import { expect, it } from 'vitest'
import { terminalLines } from './lines.ts'

const batch = { source: 'retail-events-0', records: 50, deadLetters: 2, redelivered: 0, durationMs: 31 }

function terminal() {
  const printed: string[] = []
  const clock = { now: 0 }
  const lines = terminalLines({
    print: (line) => printed.push(line.slice(9)),
    colors: createColors(false),
    now: () => clock.now,
    timeZone: 'UTC',
  })
  return { printed, clock, lines }
}

it('says of a batch how many were fine, how many were put aside, and how long it took', () => {
  const { printed, lines } = terminal()
  lines.batch('consumer', batch)
  expect(printed).toEqual(['consumer    retail-events-0    48/50 ok       2 put aside            31 ms'])
})

it('folds what is more than a person can read in a second, and loses no count', () => {
  const { printed, clock, lines } = terminal()
  for (let i = 0; i < 10; i++) lines.batch('consumer', batch)
  expect(printed).toHaveLength(4)
  clock.now = 1_000
  lines.batch('consumer', batch)
  expect(printed).toHaveLength(6)
  expect(printed[4]).toBe('consumer    6 more batches     288/300 ok     12 put aside           186 ms')
})

it('tells the batches of one function from those of another', () => {
  const { printed, clock, lines } = terminal()
  for (let i = 0; i < 6; i++) lines.batch('consumer', batch)
  for (let i = 0; i < 5; i++) lines.batch('abandonment', batch)
  clock.now = 1_000
  lines.flush()
  const parts = printed.map((line) => line.slice(0, 20).trim())
  expect(parts.slice(8)).toEqual(['consumer    2 more b', 'abandonment 1 more b'])
})
