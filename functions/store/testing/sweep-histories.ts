// A sweep that stops after every few rows, while everything that writes goes on between its steps.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Outcome, Store } from '../store.ts'
import { deadLetter, event, noise, startMs } from './fixtures.ts'
import type { OpenStore } from './opened.ts'

const hourMs = 60 * 60 * 1000
const retention = { eventMsMax: 5 * hourMs, deadLetterMsMax: 8 * hourMs, bytesMax: null }

const groups = ['one', 'another']
const users = [5001, 5002, 5003]

type Step =
  | { do: 'write'; group: number; partition: number; kinds: ('event' | 'dead letter' | 'noise')[] }
  | { do: 'deliver again'; group: number; partition: number; back: number }
  | { do: 'make anew'; group: number; partition: number }
  | { do: 'redrive'; group: number; isFixed: boolean }
  | { do: 'discard'; group: number }
  | { do: 'erase'; user: number }
  | { do: 'expire'; isTooBig: boolean }
  | { do: 'sweep' }

const group = fc.nat(groups.length - 1)
const partition = fc.nat(1)
const kinds = fc.array(fc.constantFrom('event' as const, 'event' as const, 'dead letter' as const, 'noise' as const), {
  minLength: 1,
  maxLength: 8,
})
const of = <Name extends string, Shape>(name: Name, shape: { [Key in keyof Shape]: fc.Arbitrary<Shape[Key]> }) =>
  fc.record({ do: fc.constant(name), ...shape })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: of('write', { group, partition, kinds }) as fc.Arbitrary<Step> },
  { weight: 6, arbitrary: of('sweep', {}) as fc.Arbitrary<Step> },
  { weight: 2, arbitrary: of('deliver again', { group, partition, back: fc.nat(9) }) as fc.Arbitrary<Step> },
  { weight: 1, arbitrary: of('make anew', { group, partition }) as fc.Arbitrary<Step> },
  { weight: 2, arbitrary: of('redrive', { group, isFixed: fc.boolean() }) as fc.Arbitrary<Step> },
  { weight: 1, arbitrary: of('discard', { group }) as fc.Arbitrary<Step> },
  { weight: 1, arbitrary: of('erase', { user: fc.constantFrom(...users) }) as fc.Arbitrary<Step> },
  { weight: 2, arbitrary: of('expire', { isTooBig: fc.boolean() }) as fc.Arbitrary<Step> },
)
const history = fc.array(step, { minLength: 5, maxLength: 60 })

export function sweepHistoriesContract(open: OpenStore, historyCount: number): void {
  it('finds that all adds up, wherever rows come and go between its steps', async () => {
    const clock = { ms: startMs }
    const { store, close } = await open({ clock: () => clock.ms, sweepRows: 2 })
    let histories = 0
    const isBalanced = async (steps: Step[]) => {
      const life = new Life(store, clock, ++histories)
      for (const one of steps) {
        await life.do(one)
        expect((await store.lastSweep()).complaints).toEqual([])
      }
      for (const _ of ['the pass that runs', 'a whole one']) await store.sweep({ budgetMs: 60_000 })
      expect((await store.lastSweep()).complaints).toEqual([])
    }
    try {
      await fc.assert(fc.asyncProperty(history, isBalanced), { numRuns: historyCount })
    } finally {
      await close()
    }
  })
}

/** One history in topics of its own: where their logs end, and what they hold. */
class Life {
  readonly #store: Store
  readonly #clock: { ms: number }
  readonly #name: number
  readonly #logs = new Map<string, Outcome[]>()
  #made = 0

  constructor(store: Store, clock: { ms: number }, name: number) {
    this.#store = store
    this.#clock = clock
    this.#name = name
  }

  async do(step: Step): Promise<void> {
    const { store, clock } = { store: this.#store, clock: this.#clock }
    clock.ms += hourMs
    switch (step.do) {
      case 'write':
        return this.#append(
          step,
          step.kinds.map((kind) => (place) => this.#outcome(kind, place)),
        )
      case 'deliver again':
        return this.#write(step.group, this.#log(step).slice(-step.back - 1))
      case 'make anew':
        this.#logs.delete(`${step.group}/${step.partition}`)
        return this.#append(step, [(place) => this.#outcome('event', place)])
      case 'redrive':
        return this.#redrive(step.group, step.isFixed)
      case 'discard': {
        const [letter] = await store.deadLetters({ group: groups[step.group] as string, limit: 1 })
        const seqs = letter ? [letter.seq] : []
        await store.redrives.discard({ group: groups[step.group] as string, seqs, by: 'a test', reason: 'a test' })
        return
      }
      case 'erase':
        await store.eraseUser({ userId: step.user, by: 'a test' })
        return
      case 'expire':
        await store.expire({ budgetMs: 0, retention: step.isTooBig ? { ...retention, bytesMax: 1 } : retention })
        return
      case 'sweep':
        await store.sweep({ budgetMs: 0 })
    }
  }

  #outcome(
    kind: 'event' | 'dead letter' | 'noise',
    place: { topic: string; partition: number; offset: number },
  ): Outcome {
    const id = `${this.#name}-${++this.#made}`
    const userId = users[this.#made % users.length] as number
    if (kind === 'noise') return noise(place)
    if (kind === 'dead letter') return deadLetter(place, `{"user_id":${userId},"id":"${id}"}`)
    return event(place, { event_id: id, user_id: userId })
  }

  #log({ group, partition }: { group: number; partition: number }): Outcome[] {
    const key = `${group}/${partition}`
    const log = this.#logs.get(key) ?? []
    this.#logs.set(key, log)
    return log
  }

  #append(
    at: { group: number; partition: number },
    made: ((place: { topic: string; partition: number; offset: number }) => Outcome)[],
  ): Promise<void> {
    const log = this.#log(at)
    const topic = `topic-${this.#name}`
    const outcomes = made.map((make, index) => make({ topic, partition: at.partition, offset: log.length + index }))
    log.push(...outcomes)
    return this.#write(at.group, outcomes)
  }

  async #write(group: number, outcomes: Outcome[]): Promise<void> {
    await this.#store.writeBatch({ group: groups[group] as string, outcomes })
  }

  /** Sends the newest dead letter of a group again; it fails again, or becomes an event. */
  async #redrive(group: number, isFixed: boolean): Promise<void> {
    const { redrives } = this.#store
    const name = groups[group] as string
    const [letter] = await this.#store.deadLetters({ group: name, limit: 1 })
    if (!letter) return
    const items = [{ seq: letter.seq, value: null }]
    const { id } = await redrives.begin({ group: name, by: 'a test', selection: 'one', perSecond: 1, items })
    const token = `${this.#name}-${++this.#made}`
    const issued = await redrives.issue({ id, tokens: [token] })
    if (issued.length === 0) return
    await redrives.acknowledge({ id, tokens: [token] })
    await this.#append({ group, partition: 0 }, [
      (place) => {
        const outcome = this.#outcome(isFixed ? 'event' : 'dead letter', place)
        return { ...outcome, record: { ...outcome.record, token } }
      },
    ])
  }
}
