// The way of the records as stages one can point at: what each holds or passes on, and whether it is where things wait.
import { age, count, counted, rate } from '../../functions/status/words.ts'
import type { LocalStatus } from '../api.ts'
import { type Board, type LagReading, newestAgeMs } from './board.ts'

export interface Stage {
  name: 'Producer' | 'Topic' | 'Mapping' | 'Function' | 'Store' | 'You'
  /** The one figure; a dash when it is not known. */
  figure: string
  detail: string
  tone: '' | 'warn' | 'bad'
  /** The id of the heading that tells more; null: there is none. */
  more: string | null
}

/** Rates are read over this much of the past: long enough for a steady figure, short enough to follow a change. */
const rateMs = 10_000

/** From left to right. What only a local stage knows is left out where there is none. */
export function pathOf(board: Board, local: LocalStatus | null, heardAt: number | null, now: number): Stage[] {
  const stages = [topic(board), store(board, now), you(heardAt, now)]
  if (local === null) return stages
  const [first, ...rest] = stages as [Stage, Stage, Stage]
  return [producer(local), first, mapping(local), invoked(local, board), ...rest]
}

function producer({ producer }: LocalStatus): Stage {
  const details = { running: 'the simulated shop', paused: 'start it above', off: 'events come from elsewhere' }
  return { name: 'Producer', figure: producer, detail: details[producer], tone: '', more: null }
}

function topic(board: Board): Stage {
  const group = board.lag?.value.groups[0]
  const perSecond = growth(board.lagReadings, 'endOffset')
  return {
    name: 'Topic',
    figure: perSecond === null ? '–' : `${rate(perSecond)}/s`,
    detail: group ? `${group.topic}, ${counted(group.partitions.length, 'partition')}` : 'not sampled yet',
    tone: '',
    more: 'lag-title',
  }
}

function mapping({ mappings }: LocalStatus): Stage {
  const partitions = mappings.flatMap((each) => each.partitions)
  const waiting = partitions.reduce((sum, { buffered }) => sum + buffered, 0)
  const retried = partitions.filter(({ attempt, lastError }) => attempt > 1 && lastError !== null)
  const settled = retried.length === 0
  return {
    name: 'Mapping',
    figure: `${count(waiting)} waiting`,
    detail: settled ? 'no batch is retried' : `${counted(retried.length, 'partition')} retried`,
    tone: settled ? '' : 'bad',
    more: 'mapping-title',
  }
}

function invoked({ mappings }: LocalStatus, board: Board): Stage {
  const perSecond = growth(board.lagReadings, 'committedOffset')
  const inFlight = mappings.flatMap(({ partitions }) => partitions).reduce((sum, each) => sum + each.inFlight, 0)
  return {
    name: 'Function',
    figure: perSecond === null ? '–' : `${rate(perSecond)}/s`,
    detail: `${mappings.map((each) => each.function).join(', ')}, ${count(inFlight)} in flight`,
    tone: '',
    more: 'mapping-title',
  }
}

function store(board: Board, now: number): Stage {
  const summary = board.summary?.value
  const newest = newestAgeMs(board, now)
  return {
    name: 'Store',
    figure: summary ? `${rate(summary.eventsPerSecond)}/s` : '–',
    detail: newest === null ? 'no event yet' : `newest ${age(newest)} old`,
    tone: summary && !summary.balanced ? 'bad' : '',
    more: 'feed-title',
  }
}

function you(heardAt: number | null, now: number): Stage {
  const silentMs = heardAt === null ? null : now - heardAt
  return {
    name: 'You',
    figure: silentMs === null ? '–' : silentMs < 2_000 ? 'live' : `${age(silentMs)} ago`,
    detail: 'has come as far as',
    tone: silentMs !== null && silentMs >= 15_000 ? 'warn' : '',
    more: null,
  }
}

/** Messages a second by which an offset of the first group, summed over its partitions, grew; null: too few samples. */
function growth(readings: LagReading[], offset: 'endOffset' | 'committedOffset'): number | null {
  const last = readings.at(-1)
  const first = last && readings.find(({ at }) => last.at - at <= rateMs)
  if (!last || !first || first === last) return null
  const sum = ({ lag }: LagReading) =>
    (lag.groups[0]?.partitions ?? []).reduce((total, partition) => total + (partition[offset] ?? 0), 0)
  // Offsets that move back belong to a topic that was made anew.
  return Math.max(0, ((sum(last) - sum(first)) / (last.at - first.at)) * 1000)
}
