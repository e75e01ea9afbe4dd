// A storage with troubles at the flick of a switch: a disk that is full or read-only, and one that is slow to keep.
import type { Storage, StoredFile } from '../storage/storage.ts'

export interface Troubles {
  storage: Storage
  /** The error that every change fails with, or null. */
  refuse(code: 'ENOSPC' | 'EROFS' | null): void
  /** The error that waiting for the disk ends with, or null. */
  refuseSync(code: 'EIO' | null): void
  /** Makes waits for the disk last until the returned function is called. */
  holdSyncs(): () => void
  /** Waits for the disk that have begun. */
  readonly syncs: number
}

/** Lays troubles, of which it has none at first, over another storage. */
export function troubled(base: Storage): Troubles {
  let refusal: string | null = null
  let syncRefusal: string | null = null
  let held: Promise<void> | null = null
  let syncs = 0
  const change = (work: () => void) => {
    if (refusal !== null) throw failure(refusal)
    work()
  }

  const open = (file: string): StoredFile => {
    const stored = base.open(file)
    return {
      ...stored,
      write(bytes, position) {
        // A disk fills in the middle of a write.
        if (refusal === 'ENOSPC') stored.write(bytes.subarray(0, bytes.length >> 1), position)
        change(() => stored.write(bytes, position))
      },
      async sync() {
        syncs++
        await held
        if (syncRefusal !== null) throw failure(syncRefusal)
        await stored.sync()
      },
    }
  }
  return {
    storage: {
      ...base,
      open,
      makeFolder: (folder) => change(() => base.makeFolder(folder)),
      replace: (file, content, onDisk) => change(() => base.replace(file, content, onDisk)),
      rename: (from, to) => change(() => base.rename(from, to)),
    },
    refuse(code) {
      refusal = code
    },
    refuseSync(code) {
      syncRefusal = code
    },
    holdSyncs() {
      let release = () => {}
      held = new Promise((resolve) => {
        release = resolve
      })
      return () => {
        held = null
        release()
      }
    },
    get syncs() {
      return syncs
    },
  }
}

const failure = (code: string) => Object.assign(new Error(`${code}: the disk is in trouble`), { code })
