import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { StandStill } from './stand-still.ts'

const damage = { firstOffset: 3, lastOffset: 4, reason: 'its checksum' }

let told: unknown[]
let assigned: number[]
let full: number[]
let standStill: StandStill
beforeEach(() => {
  vi.useFakeTimers()
  told = []
  assigned = [0, 1]
  full = []
  standStill = new StandStill({
    topic: 't',
    assigned: () => assigned,
    isPaused: (partition) => full.includes(partition),
    consumer: {
      pause: (partitions) => told.push(['pause', partitions]),
      resume: (partitions) => told.push(['resume', partitions]),
    },
    events: { unreadable: (...of) => told.push(['unreadable', ...of]) },
  })
})
afterEach(() => vi.useRealTimers())

const partition1 = [{ topic: 't', partitions: [1] }]

it('pauses the partition, tells of it, and reads it again 5 s later, time after time', () => {
  for (let time = 0; time < 3; time += 1) {
    told = []
    standStill.at(1, damage)
    vi.advanceTimersByTime(4_999)
    expect(told).toEqual([
      ['pause', partition1],
      ['unreadable', 1, damage, 5_000],
    ])
    vi.advanceTimersByTime(1)
    expect(told.at(-1)).toEqual(['resume', partition1])
  }
})

it('leaves alone a partition that is full, or another member has by then, and everything once it is closed', () => {
  const tried = () => {
    told = []
    standStill.at(1, damage)
    vi.advanceTimersByTime(5_000)
    return told.filter((one) => (one as string[])[0] === 'resume')
  }
  full = [1]
  expect(tried()).toEqual([])
  full = []
  assigned = [0]
  expect(tried()).toEqual([])
  assigned = [0, 1]
  standStill.at(1, damage)
  standStill.close()
  told = []
  vi.advanceTimersByTime(60_000)
  expect(told).toEqual([])
})
