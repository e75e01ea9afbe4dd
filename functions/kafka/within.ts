// A deadline for a promise whose work cannot be stopped.

export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
}

/** What `work` answers, or a NoAnswer after `ms`; what comes of it later is dropped. */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new NoAnswer(`no answer within ${ms} ms`)), ms)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
