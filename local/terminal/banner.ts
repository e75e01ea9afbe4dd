// The first lines a person sees: what runs, where, and with which settings.
import type { Colors } from 'picocolors/types'

export interface BannerFacts {
  readyMs: number
  dashboard: string
  kafka: string
  topic: string
  partitions: number
  store: string
  events: number
  batchSize: number
  windowSeconds: number | undefined
  inspect: string | undefined
  /** False: keys are not read (no terminal), so none are offered. */
  keys: boolean
  /** Anything that is not as asked: a port moved on, say. */
  notes: string[]
}

export function banner(facts: BannerFacts, colors: Colors): string {
  const { bold, cyan, dim, yellow } = colors
  const row = (name: string, text: string) => `  ${dim(name.padEnd(10))} ${text}`
  const window = facts.windowSeconds === undefined ? 'window 500 ms' : `window ${facts.windowSeconds} s`
  return [
    `${bold(cyan('freshet'))}  ready in ${Math.round(facts.readyMs)} ms`,
    '',
    row('dashboard', bold(facts.dashboard)),
    row('kafka', `${facts.kafka}   topic ${facts.topic}, ${facts.partitions} partitions`),
    row('store', `${facts.store}  ${facts.events.toLocaleString('en')} events`),
    row('settings', `batch ${facts.batchSize}, ${window}, retries without limit`),
    ...(facts.inspect ? [row('inspector', `${facts.inspect}  time-outs stand still`)] : []),
    ...facts.notes.map((note) => row('note', yellow(note))),
    '',
    ...(facts.keys ? [`  ${keyBar(colors)}`, ''] : []),
  ].join('\n')
}

/** The keys, as the banner and `h` show them. */
export function keyBar({ bold }: Colors): string {
  const keys = ['open', 'pause producer', 'bad record', 'reset', 'help', 'quit']
  return keys.map((name) => `${bold(name.charAt(0))} ${name}`).join('   ')
}
