// Asks V8 to collect garbage, where memory outside its heap counts that it does not see.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (options?: { type: 'minor' }) => void

/** Made at first need: V8 gives the function only to contexts made after its flag was set. */
let collect: Collect | undefined

/** Collects all garbage, or with 'minor' the youngest alone, which takes about a millisecond. */
export function collectGarbage(options?: { type: 'minor' }): void {
  if (!collect) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as Collect
  }
  collect(options)
}
