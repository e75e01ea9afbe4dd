// The machine's own disk.
import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { promisify } from 'node:util'
import { holdDirectory } from '../../data-directory.ts'
import type { Storage, StoredFile } from './storage.ts'

const toDisk = promisify(fdatasync)

export const disk: Storage = {
  hold: holdDirectory,
  makeFolder: (folder) => void mkdirSync(folder, { recursive: true }),
  list: (folder) => readdirSync(folder),
  open: (file) => opened(openReadWrite(file)),
  size: (file) => statSync(file).size,
  content(file) {
    return unlessAbsent(() => readFileSync(file))
  },
  replace(file, content, onDisk) {
    const beside = `${file}.new`
    const fd = openSync(beside, 'w')
    try {
      writeAll(fd, content, 0)
      if (onDisk) fsyncSync(fd)
    } catch (error) {
      // A disk that is full has no room for half a file either.
      rmSync(beside, { force: true })
      throw error
    } finally {
      closeSync(fd)
    }
    renameSync(beside, file)
  },
  rename: renameSync,
  remove: (path) => rmSync(path, { recursive: true, force: true }),
}

function opened(fd: number): StoredFile {
  let syncing = 0
  let closed = false
  const closeWhenIdle = () => {
    if (closed && syncing === 0) closeSync(fd)
  }
  return {
    read(into, position) {
      let done = 0
      while (done < into.length) {
        const count = readSync(fd, into, done, into.length - done, position + done)
        if (count === 0) break
        done += count
      }
      return done
    },
    write: (bytes, position) => writeAll(fd, bytes, position),
    truncate: (bytes) => ftruncateSync(fd, bytes),
    async sync() {
      syncing++
      try {
        await toDisk(fd)
      } finally {
        syncing--
        closeWhenIdle()
      }
    },
    syncNow: () => fdatasyncSync(fd),
    close() {
      closed = true
      // Else the wait would end with an error, or be for another file that got the same number.
      closeWhenIdle()
    },
  }
}

function writeAll(fd: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done)
  }
}

/** Opening never truncates; the mode that would create as well ('a+') ignores the position of a write. */
function openReadWrite(file: string): number {
  return unlessAbsent(() => openSync(file, 'r+')) ?? openSync(file, 'wx+')
}

function unlessAbsent<T>(look: () => T): T | null {
  try {
    return look()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
