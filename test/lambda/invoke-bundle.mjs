// Lambda's side in a few lines: loads a bundle, invokes its handler once, prints how long loading took and the answer.
//
//   node invoke-bundle.mjs BUNDLE EXPORT [EVENT]; without an event it only loads.
import { writeSync } from 'node:fs'

const [, , bundle, name, event] = process.argv
const startMs = performance.now()
const startCpu = process.cpuUsage()
const { [name]: handler } = await import(bundle)
const initMs = performance.now() - startMs
const { user, system } = process.cpuUsage(startCpu)
const initCpuMs = (user + system) / 1_000
const deadlineMs = Date.now() + 10_000
const context = { getRemainingTimeInMillis: () => deadlineMs - Date.now() }
const answer = event === undefined ? null : await handler(JSON.parse(event), context)
writeSync(3, JSON.stringify({ initMs, initCpuMs, answer }))
// Lambda freezes what the handler leaves open; connections would keep this process.
process.exit(0)
