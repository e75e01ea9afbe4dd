// A mapping in a process of its own that drains a topic and says how much memory that took.
//
//   node <bundle> <bootstrap> <topic> <records>
import { existsSync, readFileSync } from 'node:fs'
import { startMapping } from '../mapping.ts'

export interface Drained {
  handled: number
  dropped: number
  /** The most that was resident before the first record was read, and until the last was resolved. */
  atRestMB: number
  peakMB: number
}

const [bootstrap = '', topic = '', records = ''] = process.argv.slice(2)
/** Linux counts in what the parent had resident when it forked, everywhere but in this file. */
function peakMB(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : ''
  const [, kilobytes = process.resourceUsage().maxRSS] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? []
  return Math.round(Number(kilobytes) / 1024)
}
const drained: Drained = { handled: 0, dropped: 0, atRestMB: 0, peakMB: 0 }

const mapping = await startMapping({
  uuid: `drain-of-${topic}`,
  settings: {
    SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [bootstrap] } },
    Topics: [topic],
    BatchSize: 1_000,
    MaximumBatchingWindowInSeconds: 0,
  },
  async invoke() {
    return { kind: 'ok', payload: 'null' }
  },
  emit(happening) {
    if (happening.type === 'assigned') drained.atRestMB ||= peakMB()
    if (happening.type !== 'result' && happening.type !== 'dropped') return
    const count = Object.values(happening.records).reduce((sum, offsets) => sum + offsets.length, 0)
    if (happening.type === 'dropped') drained.dropped += count
    else drained.handled += count
    if (drained.handled + drained.dropped === Number(records)) void report()
  },
})

async function report(): Promise<void> {
  drained.peakMB = peakMB()
  await mapping.stop()
  console.log(JSON.stringify(drained))
  process.exit(0)
}
