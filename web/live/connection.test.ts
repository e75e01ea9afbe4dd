import { describe, expect, it } from 'vitest'
import { type Action, backoffMs, type Connection, type Input, start, step } from './connection.ts'

/** A page on a clock of its own: it goes on only when told to, and ticks the machine when its deadline comes. */
function openPage(visible = true, near = false) {
  let now = 1_000_000
  const first = start(now, visible, near)
  let state: Connection = first.next
  let actions: Action[] = [...first.actions]
  function put(input: Input) {
    const next = step(state, input, now, 0)
    state = next.next
    actions.push(...next.actions)
  }
  return {
    put,
    wait(ms: number) {
      const until = now + ms
      while (state.deadline <= until) {
        now = state.deadline
        const before = state
        put({ kind: 'tick' })
        if (state === before) break
      }
      now = until
    },
    get state() {
      return state
    },
    get now() {
      return now
    },
    /** What was asked of the shell since the last look. */
    done() {
      const taken = actions
      actions = []
      return taken
    },
  }
}

const failed: Input = { kind: 'failed', failure: 'network' }

function livePage() {
  const page = openPage()
  page.put({ kind: 'heard' })
  page.done()
  return page
}

describe('the connection', () => {
  it('opens at once and is live with the first word', () => {
    const page = openPage()
    expect(page.done()).toEqual(['open'])
    expect(page.state.phase).toBe('connecting')
    page.put({ kind: 'heard' })
    expect(page.state).toMatchObject({ phase: 'live', attempt: 0, lostAt: null })
  })

  it('asks a server on this machine twice a second, however long it is away', () => {
    const page = openPage(true, true)
    for (let attempt = 0; attempt < 20; attempt++) {
      page.put(failed)
      expect(page.state.deadline).toBe(page.now + 500)
      page.wait(500)
    }
  })

  it('says since when it is lost and when it tries again, and keeps the first moment over many tries', () => {
    const page = livePage()
    const lostAt = page.now
    page.put(failed)
    expect(page.state).toMatchObject({ phase: 'retrying', lostAt, deadline: lostAt + 1_000, attempt: 1 })
    for (const wait of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      expect(page.state.deadline - page.now).toBe(wait)
      page.wait(wait)
      expect(page.state.phase).toBe('connecting')
      page.put(failed)
    }
    expect(page.state.lostAt).toBe(lostAt)
  })

  it('forgets its failures when the server is heard again', () => {
    const page = livePage()
    page.put(failed)
    page.wait(1_000)
    page.put({ kind: 'heard' })
    expect(page.state).toMatchObject({ phase: 'live', attempt: 0, lostAt: null, noticedAt: null, failure: null })
    page.put(failed)
    expect(page.state.deadline - page.now).toBe(1_000)
  })

  it('notices a half-open connection by its silence, dates the loss back to the last word, and tries at once', () => {
    const page = livePage()
    page.wait(10_000)
    page.put({ kind: 'heard' })
    const lastWord = page.now
    page.wait(14_999)
    expect(page.state.phase).toBe('live')
    page.wait(1)
    expect(page.done()).toEqual(['open'])
    expect(page.state).toMatchObject({ phase: 'connecting', lostAt: lastWord, noticedAt: page.now, failure: 'silent' })
  })

  it('stays live on pings alone', () => {
    const page = livePage()
    for (let i = 0; i < 10; i++) {
      page.wait(10_000)
      page.put({ kind: 'heard' })
    }
    expect(page.state.phase).toBe('live')
    expect(page.done()).toEqual([])
  })

  it('gives up an attempt that does not open', () => {
    const page = openPage()
    page.wait(8_000)
    expect(page.state).toMatchObject({ phase: 'retrying', attempt: 1 })
    expect(page.done()).toEqual(['open', 'close'])
  })

  it('reopens a stream that the server ended in order, without calling it a loss', () => {
    const page = livePage()
    page.wait(5_000)
    page.put({ kind: 'ended' })
    expect(page.state).toMatchObject({ phase: 'connecting', lostAt: null })
    expect(page.done()).toEqual(['open'])
  })

  it('backs off from a server that ends every stream at once', () => {
    const page = livePage()
    page.put({ kind: 'ended' })
    expect(page.state.phase).toBe('retrying')
  })

  it('tries now when asked to, and only when it is waiting', () => {
    const page = livePage()
    page.put({ kind: 'try-now' })
    expect(page.done()).toEqual([])
    page.put(failed)
    page.done()
    page.put({ kind: 'try-now' })
    expect(page.done()).toEqual(['open'])
    expect(page.state).toMatchObject({ phase: 'connecting', attempt: 1 })
  })

  it('polls each 2 s where the server answers in one piece', () => {
    const page = openPage()
    page.put({ kind: 'answered' })
    page.done()
    page.wait(1_999)
    expect(page.done()).toEqual([])
    page.wait(1)
    expect(page.done()).toEqual(['open'])
  })

  it('lets the stream go when hidden, polls each 10 s for the title, and is live again when shown', () => {
    const page = livePage()
    page.put({ kind: 'hidden' })
    expect(page.done()).toEqual(['close'])
    page.wait(10_000)
    expect(page.done()).toEqual(['open'])
    page.put({ kind: 'answered' })
    page.wait(9_999)
    expect(page.done()).toEqual([])
    page.put({ kind: 'shown' })
    expect(page.done()).toEqual(['open'])
    page.put({ kind: 'heard' })
    expect(page.state).toMatchObject({ phase: 'live', lostAt: null })
  })

  it('tries at once after the sleep of a laptop', () => {
    const page = livePage()
    page.wait(3 * 3_600_000)
    expect(page.done()[0]).toBe('open')
    expect(page.state.lostAt).toBe(1_000_000)
  })

  it('keeps apart a store that is down and a server that is gone', () => {
    const page = livePage()
    page.put({ kind: 'failed', failure: 'store' })
    expect(page.state.failure).toBe('store')
    page.wait(1_000)
    page.put(failed)
    expect(page.state.failure).toBe('network')
  })

  it('spreads the returns of many pages, by a quarter at most and never below a second', () => {
    expect(backoffMs(5, 0)).toBe(16_000)
    expect(backoffMs(5, 0.999)).toBe(12_004)
    expect(backoffMs(1, 0.999)).toBe(1_000)
    expect(backoffMs(500, 0)).toBe(30_000)
  })
})
