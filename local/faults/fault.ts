// What can be broken on purpose on a local stage, and how long it stays so.

export const faultNames = ['bad-record', 'burst', 'slow-store', 'crash', 'poison', 'broker-restart'] as const
export type FaultName = (typeof faultNames)[number]

/** What a function can suffer: see faulty-function.ts. */
export type FunctionFault = 'crash' | 'poison'

export interface FaultStatus {
  name: FaultName
  /** When it began, ms since 1970; null: it is not on. */
  since: number | null
  /** When it heals by itself; null where that is when its work is done. */
  until: number | null
  /** Why it cannot be had here, as a sentence; null: it can. */
  unavailable: string | null
}

/**
 * How long each lasts unless it is healed earlier, ms. Our choice: long enough to be seen and retried more than once,
 * short enough that nobody forgets it.
 */
export const faultMs: Record<Exclude<FaultName, 'bad-record' | 'burst'>, number> = {
  // A write waits 5 s for another program's: two of them fail before it is over.
  'slow-store': 12_000,
  crash: 8_000,
  poison: 12_000,
  'broker-restart': 3_000,
}

/** The header of the record that a poisoned function cannot bear. */
export const poisonHeader = 'freshet-poison'
