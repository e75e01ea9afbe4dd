// Breaks a part of the running local cloud on purpose, and heals it: each fault is one at a time and ends by itself.
import { PipelineError } from '../../functions/errors.ts'
import { type FaultName, type FaultStatus, type FunctionFault, faultMs, faultNames } from './fault.ts'

/** What the faults are done to. Each must undo itself when it is asked to. */
export interface Breakable {
  /** Publishes what the fault sends, and waits until all of it is acknowledged. */
  send(fault: 'bad-record' | 'burst' | 'poison'): Promise<void>
  /** null: the function is well again. */
  setFunctionFault(fault: FunctionFault | null): Promise<void>
  /** Holds the store's writes up until the answered function is called; a string says why that cannot be had. */
  holdStore: (() => Promise<() => void>) | string
  /** Ends the broker; the answered function starts it again. */
  stopBroker: (() => Promise<() => Promise<void>>) | string
}

export interface Faults {
  list(): FaultStatus[]
  /**
   * Begins one. Asking again for one that is on changes nothing.
   *
   * @throws PipelineError BODY_INVALID where this stage cannot have it
   */
  begin(name: FaultName): Promise<void>
  /** Ends one before its time; nothing where it is not on. */
  heal(name: FaultName): Promise<void>
  /** Ends all of them. */
  close(): Promise<void>
}

interface Running {
  since: number
  until: number | null
  timer: NodeJS.Timeout | undefined
  /** Settles with the way to undo it, once it is done to the part. */
  undo: Promise<() => void | Promise<void>>
}

/** @param onChange told whenever the list has changed; @param onProblem told what could not be done or undone */
export function openFaults(parts: Breakable, onChange: () => void, onProblem: (error: Error) => void): Faults {
  const running = new Map<FaultName, Running>()

  async function heal(name: FaultName): Promise<void> {
    const fault = running.get(name)
    if (!fault) return
    clearTimeout(fault.timer)
    try {
      await (await fault.undo)()
    } catch (error) {
      onProblem(error as Error)
    } finally {
      if (running.get(name) === fault) running.delete(name)
      onChange()
    }
  }

  return {
    list: () =>
      faultNames.map((name) => {
        const fault = running.get(name)
        return { name, since: fault?.since ?? null, until: fault?.until ?? null, unavailable: unavailable(parts, name) }
      }),
    async begin(name) {
      const refusal = unavailable(parts, name)
      if (refusal !== null) throw new PipelineError('BODY_INVALID', `${name}: ${refusal}`)
      if (running.has(name)) return
      const since = Date.now()
      const ms = name === 'bad-record' || name === 'burst' ? null : faultMs[name]
      const undo = breakIt(parts, name)
      const fault: Running = { since, until: ms === null ? null : since + ms, timer: undefined, undo }
      running.set(name, fault)
      onChange()
      try {
        await undo
      } catch (error) {
        await heal(name)
        throw error
      }
      // It may have been healed meanwhile.
      if (running.get(name) !== fault) return
      if (ms === null) await heal(name)
      else fault.timer = setTimeout(() => void heal(name), ms)
    },
    heal,
    async close() {
      await Promise.all([...running.keys()].map(heal))
    },
  }
}

function unavailable({ holdStore, stopBroker }: Breakable, name: FaultName): string | null {
  if (name === 'slow-store' && typeof holdStore === 'string') return holdStore
  return name === 'broker-restart' && typeof stopBroker === 'string' ? stopBroker : null
}

/** Does it, and answers how it is undone. */
async function breakIt(parts: Breakable, name: FaultName): Promise<() => void | Promise<void>> {
  if (name === 'slow-store' && typeof parts.holdStore !== 'string') return parts.holdStore()
  if (name === 'broker-restart' && typeof parts.stopBroker !== 'string') return parts.stopBroker()
  if (name === 'crash' || name === 'poison') {
    await parts.setFunctionFault(name)
    // With a silent producer nothing would be invoked, and nothing would be seen.
    await parts.send('poison')
    return () => parts.setFunctionFault(null)
  }
  if (name === 'bad-record' || name === 'burst') await parts.send(name)
  return () => {}
}
