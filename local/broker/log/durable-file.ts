// Replaces a small file as a whole: a reader finds the old content or the new one, never a part.
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'

/** Writes `content` beside `file`, waits until it is on the disk, and gives it the name. */
export function replaceFile(file: string, content: string | Buffer): void {
  const beside = `${file}.new`
  const fd = openSync(beside, 'w')
  try {
    const bytes = Buffer.from(content as string)
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(beside, file)
}
