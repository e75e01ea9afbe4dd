// Answers beside the stream: asked for now and then while they are looked at, each with the moment it came.
import { ApiError } from '../http.ts'

export interface Answer<Key, Value> {
  /** What was asked. */
  key: Key
  value: Value
  /** When it came, ms by the page's clock. */
  at: number
}

export type Watch<Key, Value> = ReturnType<typeof watchAnswer<Key, Value>>

export function watchAnswer<Key, Value>(ask: (key: Key) => Promise<Value>) {
  let current = $state.raw<Answer<Key, Value> | null>(null)
  let isAbsent = $state(false)
  let asked: { key: Key | undefined; at: number } = { key: undefined, at: Number.NEGATIVE_INFINITY }
  return {
    /** null until the first answer. */
    get current() {
      return current
    },
    /** True once the API has said that it has no such thing. */
    get isAbsent() {
      return isAbsent
    },
    /** Asks where the question is another one, or the last one is `everyMs` ago. Call as often as you like. */
    async want(key: Key, everyMs: number, now: number): Promise<void> {
      if (isAbsent || (asked.key === key && now - asked.at < everyMs)) return
      const mine = { key, at: now }
      asked = mine
      try {
        const value = await ask(key)
        if (asked === mine) current = { key, value, at: Date.now() }
      } catch (error) {
        // What stands stays, with its age; the next question comes in its time.
        if (error instanceof ApiError && error.status === 404) isAbsent = true
      }
    },
  }
}
