// The live stream's centre: one reading of the store per commit, however many listen.
import { PipelineError } from '../../errors.ts'
import type { Store } from '../../store/store.ts'
import { groupBy } from '../group-by.ts'
import type { Live } from '../schemas.ts'
import { changesFrame, type FrameParts, measureMessages, wholeFrame } from './frame.ts'
import { sseFrame } from './sse.ts'

/** One connected page. */
export interface Listener {
  /** False while it has not taken what it was sent: it is then left out, and catches up by itself. */
  isReady(): boolean
  send(bytes: Uint8Array): void
  /** Ends the stream; the page connects again by itself. */
  end(): void
}

interface Seat {
  listener: Listener
  cursor: number
  /** False after a frame that this listener did not get: the next one it gets holds everything again. */
  isCurrent: boolean
  isCatchingUp: boolean
}

export type HubParts = FrameParts & { store: Pick<Store, 'onCommit'> }

const listenersMax = 500
/** What comes after a pause goes out at once; a busy stream at most so often, for each frame costs every page a drawing. */
const frameMsMin = 16
/** Summary, lag and throughput come at most twice a second after commits... */
const measuresMsMin = 480
const tickMs = 250
/** ...and about once a second anyway, since ages grow in silence. The tick is a quarter second, and may be early. */
const measuresMsMax = 900
/** A second's commits may become visible a little after it ended, so the last ones are sent again. */
const repeatedSeconds = 3
const missedSecondsMax = 300

export class LiveHub {
  readonly #parts: HubParts
  readonly #seats = new Map<Listener, Seat>()
  #stopWatching: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined
  #pending: NodeJS.Timeout | undefined
  #isFlushing = false
  #isCommitted = false
  /** Rows were sent since the last measures. */
  #isStale = false
  #flushedMs = 0
  #frameMs = frameMsMin
  #measuredMs = 0

  constructor(parts: HubParts) {
    this.#parts = parts
  }

  /**
   * Sends a new listener its first frame, and from then on what follows it.
   *
   * @throws PipelineError LISTENERS_FULL, STORE_*
   */
  async join(listener: Listener, after: number | undefined): Promise<void> {
    if (this.#seats.size >= listenersMax) {
      throw new PipelineError('LISTENERS_FULL', `${listenersMax} live streams are open already`)
    }
    const seat: Seat = { listener, cursor: 0, isCurrent: false, isCatchingUp: true }
    this.#seats.set(listener, seat)
    this.#watch()
    try {
      this.#catchUp(seat, await wholeFrame(this.#parts, after))
    } catch (error) {
      this.leave(listener)
      throw error
    }
  }

  /** How many streams are open. */
  get listeners(): number {
    return this.#seats.size
  }

  leave(listener: Listener): void {
    this.#seats.delete(listener)
    if (this.#seats.size === 0) this.#unwatch()
  }

  /** A listener has room again: if it was left out, it gets everything since its cursor from a fresh reading. */
  async resume(listener: Listener): Promise<void> {
    const seat = this.#seats.get(listener)
    if (!seat || seat.isCurrent || seat.isCatchingUp) return
    seat.isCatchingUp = true
    try {
      this.#catchUp(seat, await wholeFrame(this.#parts, seat.cursor))
    } catch {
      listener.end()
    }
  }

  /** Ends every stream: the server stops. */
  close(): void {
    for (const { listener } of [...this.#seats.values()]) listener.end()
  }

  /** Sends in the same breath as it marks the seat current, so that no round can overtake this frame. */
  #catchUp(seat: Seat, frame: Live): void {
    if (!this.#seats.has(seat.listener)) return
    seat.listener.send(sseFrame(frame))
    seat.cursor = Number(frame.cursor)
    seat.isCurrent = true
    seat.isCatchingUp = false
    // A commit that was sent round while this frame was read must reach this listener too.
    this.#committed()
  }

  #watch(): void {
    if (this.#stopWatching) return
    this.#stopWatching = this.#parts.store.onCommit(() => this.#committed())
    this.#timer = setInterval(() => this.#tick(), tickMs)
  }

  #unwatch(): void {
    this.#stopWatching?.()
    this.#stopWatching = undefined
    clearInterval(this.#timer)
    clearTimeout(this.#pending)
    this.#pending = undefined
  }

  /** At once after a pause; else when the frame's time has come. */
  #committed(): void {
    this.#isCommitted = true
    if (this.#pending || this.#isFlushing || !this.#stopWatching) return
    const waitMs = Math.max(0, this.#flushedMs + this.#frameMs - performance.now())
    this.#pending = setTimeout(() => {
      this.#pending = undefined
      void this.#flush()
    }, waitMs)
  }

  #tick(): void {
    if (this.#areMeasuresDue()) this.#committed()
  }

  #areMeasuresDue(): boolean {
    return performance.now() - this.#measuredMs >= (this.#isStale ? measuresMsMin : measuresMsMax)
  }

  async #flush(): Promise<void> {
    this.#isFlushing = true
    this.#isCommitted = false
    this.#flushedMs = performance.now()
    try {
      await this.#sendRound()
    } catch {
      // The store does not answer. Ended streams come back, and are then told so with a status of their own.
      this.close()
    } finally {
      this.#isFlushing = false
      if (this.#isCommitted) this.#committed()
    }
  }

  /** Rows first, each group of listeners from one reading; the numbers take longer to read and follow in a frame of their own. */
  async #sendRound(): Promise<void> {
    // Nearly always one group: all who listen have seen the same.
    for (const [cursor, seats] of this.#currentByCursor()) {
      const frame = await changesFrame(this.#parts, cursor)
      if (Number(frame.cursor) === cursor) continue
      this.#isStale = true
      this.#frameMs = frameMsAfter(Number(frame.cursor) - cursor)
      this.#sendTo(seats, frame)
    }
    if (!this.#areMeasuresDue()) return
    const messages = await this.#measure()
    for (const [cursor, seats] of this.#currentByCursor()) {
      this.#sendTo(seats, { cursor: String(cursor), now: this.#parts.now(), skipped: 0, messages })
    }
  }

  #currentByCursor(): Map<number, Seat[]> {
    return groupBy(
      [...this.#seats.values()].filter((seat) => seat.isCurrent),
      (seat) => seat.cursor,
    )
  }

  #sendTo(seats: Seat[], frame: Live): void {
    const bytes = sseFrame(frame)
    for (const seat of seats) {
      if (seat.listener.isReady()) {
        seat.cursor = Number(frame.cursor)
        seat.listener.send(bytes)
      } else {
        seat.isCurrent = false
      }
    }
  }

  async #measure(): Promise<Live['messages']> {
    const sinceMs = performance.now() - this.#measuredMs
    this.#measuredMs = performance.now()
    this.#isStale = false
    const missedSeconds = Math.min(missedSecondsMax, Math.ceil(sinceMs / 1000))
    return measureMessages(this.#parts, Math.floor(this.#parts.now() / 1000) - missedSeconds - repeatedSeconds)
  }
}

/** How long the next frame waits at least, ms, by the rows that the last one told of. */
function frameMsAfter(rows: number): number {
  if (rows <= 10) return frameMsMin
  // Nobody can follow so many: the page's own time counts for more.
  if (rows <= 100) return 2 * frameMsMin
  // Thousands a second take longer on their way here, and leave less of a tenth of a second for waiting.
  return 1.4 * frameMsMin
}
