// Waits for the disk once for many: whoever asks while a wait is under way shares the next one.

export class GroupSync {
  private readonly run: () => Promise<void>
  private current: Promise<void> | null = null
  private next: Promise<void> | null = null

  constructor(run: () => Promise<void>) {
    this.run = run
  }

  /** Resolves after a run that began after this call, since one under way may have missed the caller's bytes. */
  sync(): Promise<void> {
    if (this.current === null) return this.start()
    this.next ??= this.current.then(
      () => this.start(),
      () => this.start(),
    )
    return this.next
  }

  private start(): Promise<void> {
    this.next = null
    const current = this.run().finally(() => {
      if (this.current === current) this.current = null
    })
    this.current = current
    return current
  }
}
