// How far a file was sent, so that an interrupted sending goes on where it stopped.
import { createHash } from 'node:crypto'
import { type FileHandle, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Place {
  /** Bytes that were dealt with: every event in them was acknowledged, or refused. */
  bytes: number
  lines: number
  sent: number
  refused: number
}

export const beginning: Place = { bytes: 0, lines: 0, sent: 0, refused: 0 }

export interface Bookmark {
  /** Where to go on; the beginning when nothing was kept, or when the file is not the one it was. */
  read(): Promise<Place>
  keep(place: Place): Promise<void>
  remove(): Promise<void>
}

/** What is compared of a file, at its beginning and before the place: enough to know another one by. */
const comparedBytes = 4_096

/**
 * The bookmark of one file on its way to one topic, kept in `directory`.
 *
 * It may lag behind what Kafka acknowledged, never run ahead: a few events are then sent twice, which consumers tell by
 * their ids.
 */
export function bookmarkOf(file: FileHandle, options: { directory: string; path: string; target: string }): Bookmark {
  const name = createHash('sha256').update(`${options.path}\n${options.target}`).digest('hex').slice(0, 32)
  const kept = join(options.directory, `${name}.json`)
  return {
    async read() {
      try {
        const { fingerprint, ...place } = JSON.parse(await readFile(kept, 'utf8')) as Place & { fingerprint: string }
        return (await fingerprintOf(file, place.bytes)) === fingerprint ? place : beginning
      } catch {
        return beginning
      }
    },
    async keep(place) {
      await mkdir(options.directory, { recursive: true })
      const text = JSON.stringify({ ...place, fingerprint: await fingerprintOf(file, place.bytes) })
      // Never half a bookmark, whenever this process is killed.
      await writeFile(`${kept}.new`, text)
      await rename(`${kept}.new`, kept)
    },
    remove: () => rm(kept, { force: true }),
  }
}

async function fingerprintOf(file: FileHandle, bytes: number): Promise<string> {
  const length = Math.min(comparedBytes, bytes)
  const hash = createHash('sha256')
  for (const position of [0, bytes - length]) {
    const read = await file.read(Buffer.alloc(length), 0, length, position)
    hash.update(read.buffer.subarray(0, read.bytesRead))
  }
  return hash.digest('hex')
}
