// Keeps count of a mapping's event pollers: looks every minute whether more or fewer would do.
import { type Load, lookEveryMs, type Pollers, scalePollers, withinLimits } from './pollers.ts'

export interface PollerScaleOptions {
  min: number
  max: number
  /** Assigned now. */
  partitions: () => number
  /** What was seen since it was last asked for. */
  takeLoad: () => Load
  /** There may be room for another invocation. */
  changed: () => void
}

export class PollerScale {
  readonly #options: PollerScaleOptions
  readonly #timer: NodeJS.Timeout
  #pollers: Pollers

  constructor(options: PollerScaleOptions) {
    this.#options = options
    this.#pollers = { count: options.min, quietLooks: 0 }
    this.#timer = setInterval(() => this.#look(), lookEveryMs).unref()
  }

  get count(): number {
    return withinLimits(this.#pollers.count, this.#limits)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  get #limits() {
    const { min, max, partitions } = this.#options
    return { min, max, partitions: partitions() }
  }

  #look(): void {
    const { takeLoad, changed } = this.#options
    this.#pollers = scalePollers(this.#pollers, takeLoad(), this.#limits)
    changed()
  }
}
