// Consumers of a copy that do as they are told: as they are, failing, holding what they were given, or slow.
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { write } from './copy.ts'

/** holds: until it is told otherwise. slow: a second longer for each batch. */
export type Mode = 'well' | 'fails' | 'holds' | 'slow'

/** Puts a switch before the consumer's handler in the copy, and answers how to turn it. */
export function switched(folder: string, name: string): (mode: Mode) => void {
  const file = join(folder, `${name}-mode`)
  const set = (mode: Mode) => writeFileSync(file, mode)
  set('well')
  const source = join(folder, 'functions', name)
  renameSync(join(source, 'handler.ts'), join(source, 'as-it-is.ts'))
  write(folder, `functions/${name}/handler.ts`, switchSource(file))
  return set
}

function switchSource(file: string): string {
  return `// The consumer as it is, behind a switch.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { handler as asItIs } from './as-it-is.ts'

const mode = () => readFileSync(${JSON.stringify(file)}, 'utf8')

export async function handler(event: Parameters<typeof asItIs>[0]): Promise<unknown> {
  if (mode() === 'slow') await sleep(1_000)
  while (mode() === 'holds') await sleep(20)
  if (mode() === 'fails') throw new Error('fails on purpose')
  return asItIs(event)
}
`
}
