// From values to places: ticks people can read, and paths that break where nothing is known.

export interface Point {
  /** ms */
  at: number
  /** null: not known. A gap is drawn as a gap, never as zero. */
  value: number | null
}

/** A linear map of `[from, to]` onto `[start, end]`. */
export function linear(from: number, to: number, start: number, end: number): (value: number) => number {
  const factor = to === from ? 0 : (end - start) / (to - from)
  return (value) => start + (value - from) * factor
}

/** A few round numbers from 0 to a little above `max`. `floor` keeps noise near zero from looking like news. */
export function niceTicks(max: number, floor = 1): number[] {
  const top = Math.max(max, floor) * 1.1
  const raw = top / 4
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = ([1, 2, 5].find((each) => each * power >= raw) ?? 10) * power
  const ticks: number[] = []
  for (let i = 0; i === 0 || (ticks.at(-1) as number) < top; i++) ticks.push(Number((i * step).toPrecision(12)))
  return ticks
}

/** Whole minutes in `[from, to]`, thinned to at most `most`. */
export function minuteTicks(from: number, to: number, most: number): number[] {
  const minute = 60_000
  const every = minute * Math.max(1, Math.ceil((to - from) / minute / most))
  const ticks: number[] = []
  for (let at = Math.ceil(from / every) * every; at <= to; at += every) ticks.push(at)
  return ticks
}

type Place = (value: number) => number

/** An SVG path through the known points; each gap begins it anew. */
export function linePath(points: Point[], x: Place, y: Place): string {
  return runs(points)
    .map((run) => `M${run.map((point) => `${round(x(point.at))} ${round(y(point.value))}`).join('L')}`)
    .join('')
}

/** The same, closed down to `base`: what lies under the line. */
export function areaPath(points: Point[], x: Place, y: Place, base: number): string {
  return runs(points)
    .map((run) => {
      const first = round(x((run[0] as Known).at))
      const last = round(x((run.at(-1) as Known).at))
      const line = run.map((point) => `${round(x(point.at))} ${round(y(point.value))}`).join('L')
      return `M${first} ${round(base)}L${line}L${last} ${round(base)}Z`
    })
    .join('')
}

interface Known {
  at: number
  value: number
}

function runs(points: Point[]): Known[][] {
  const all: Known[][] = []
  let run: Known[] = []
  for (const { at, value } of points) {
    if (value !== null) run.push({ at, value })
    else if (run.length > 0) {
      all.push(run)
      run = []
    }
  }
  if (run.length > 0) all.push(run)
  return all
}

function round(n: number): number {
  return Math.round(n * 10) / 10
}
