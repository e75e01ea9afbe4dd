// Memory that stands in for a disk: for tests, which need nothing to be left behind. It has a size, as a disk has.
import type { Storage, StoredFile } from './storage.ts'

/** Files grow by this much; what is left of the last page counts as used. */
const pageBytes = 64 * 1024

/** Our choice: enough for a test, and no harm to the machine that runs many at a time. */
const defaultBytesMax = 256 * 1024 * 1024

interface Content {
  pages: Buffer[]
  bytes: number
}

/**
 * A new, empty storage for up to `bytesMax` bytes, of which every file that is not empty takes 64 KB at least. A write
 * beyond that fails like one on a full disk (ENOSPC) and leaves things as they were; what is removed makes room again.
 */
export function memoryStorage(bytesMax = defaultBytesMax): Storage {
  const files = new Map<string, Content>()
  const folders = new Set<string>()
  let pagesUsed = 0

  const resize = (content: Content, bytes: number) => {
    const pages = Math.ceil(bytes / pageBytes)
    const more = pages - content.pages.length
    if ((pagesUsed + more) * pageBytes > bytesMax && more > 0) throw full(bytesMax)
    pagesUsed += more
    content.pages.length = Math.min(pages, content.pages.length)
    while (content.pages.length < pages) content.pages.push(Buffer.allocUnsafeSlow(pageBytes))
    content.bytes = bytes
  }
  const existing = (file: string) => {
    const content = files.get(file)
    if (content === undefined) throw failure('ENOENT', `there is no file ${file} in memory`)
    return content
  }
  const fileOf = (file: string) => {
    const content = files.get(file) ?? { pages: [], bytes: 0 }
    files.set(file, content)
    return content
  }
  const removeFile = (file: string) => {
    const content = files.get(file)
    // Whoever has it open may read on, as on a disk; the room is free already.
    if (content !== undefined) pagesUsed -= content.pages.length
    files.delete(file)
  }

  return {
    hold: () => ({ release() {} }),
    makeFolder: (folder) => void folders.add(folder),
    list(folder) {
      const within = [...files.keys(), ...folders].filter((path) => path.startsWith(`${folder}/`))
      return [...new Set(within.map((path) => path.slice(folder.length + 1).split('/')[0] as string))]
    },
    open: (file) => opened(fileOf(file), resize),
    size: (file) => existing(file).bytes,
    content(file) {
      const content = files.get(file)
      if (content === undefined) return null
      const bytes = Buffer.alloc(content.bytes)
      copyOut(content, bytes, 0)
      return bytes
    },
    replace(file, bytes) {
      const content = fileOf(file)
      resize(content, bytes.length)
      copyIn(content, bytes, 0)
    },
    rename(from, to) {
      const content = existing(from)
      removeFile(to)
      files.delete(from)
      files.set(to, content)
    },
    remove(path) {
      for (const file of files.keys()) if (file === path || file.startsWith(`${path}/`)) removeFile(file)
      for (const folder of folders) if (folder === path || folder.startsWith(`${path}/`)) folders.delete(folder)
    },
  }
}

function opened(content: Content, resize: (content: Content, bytes: number) => void): StoredFile {
  return {
    read: (into, position) => copyOut(content, into, position),
    write(bytes, position) {
      if (position + bytes.length > content.bytes) resize(content, position + bytes.length)
      copyIn(content, bytes, position)
    },
    truncate: (bytes) => resize(content, bytes),
    sync: () => Promise.resolve(),
    syncNow() {},
    close() {},
  }
}

function copyOut({ pages, bytes }: Content, into: Buffer, position: number): number {
  const wanted = Math.max(0, Math.min(into.length, bytes - position))
  for (let done = 0; done < wanted; ) {
    const from = (position + done) % pageBytes
    const page = pages[Math.floor((position + done) / pageBytes)] as Buffer
    done += page.copy(into, done, from, Math.min(pageBytes, from + wanted - done))
  }
  return wanted
}

function copyIn({ pages }: Content, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    const at = (position + done) % pageBytes
    const page = pages[Math.floor((position + done) / pageBytes)] as Buffer
    done += bytes.copy(page, at, done)
  }
}

const full = (bytesMax: number) =>
  failure('ENOSPC', `no room left of the ${Math.round(bytesMax / 1024 / 1024)} MB that the broker keeps in memory`)

function failure(code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${message}`), { code })
}
