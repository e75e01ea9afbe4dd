// A log file for each part of the local cloud: plain lines that one can search, bounded in size.
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The running file and one older one are kept. */
const bytesMax = 10 * 1024 * 1024
const flushAfterMs = 200

export interface LogFile {
  write(line: string): void
  close(): void
}

/** Opens `<directory>/<name>.log` for appending. Lines are gathered for a moment, so that logging costs no batch its time. */
export function openLogFile(directory: string, name: string): LogFile {
  mkdirSync(directory, { recursive: true })
  const file = join(directory, `${name}.log`)
  let size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  let pending = ''
  let timer: NodeJS.Timeout | undefined

  function flush(): void {
    timer = undefined
    try {
      if (size > bytesMax) {
        renameSync(file, join(directory, `${name}.1.log`))
        size = 0
      }
      appendFileSync(file, pending)
      size += Buffer.byteLength(pending)
    } catch {
      // A full disk must not stop the pipeline; the lines are lost and the store says what is wrong.
    }
    pending = ''
  }

  return {
    write(line) {
      pending += `${new Date().toISOString()} ${line}\n`
      timer ??= setTimeout(flush, flushAfterMs).unref()
    },
    close() {
      clearTimeout(timer)
      if (pending) flush()
    },
  }
}

/** The log files of a folder, each opened when something is first written to it. */
export interface Logs {
  write(name: string, line: string): void
  close(): void
}

export function openLogs(directory: string): Logs {
  const files = new Map<string, LogFile>()
  return {
    write(name, line) {
      const file = files.get(name) ?? openLogFile(directory, name)
      files.set(name, file)
      file.write(line)
    },
    close() {
      for (const file of files.values()) file.close()
    },
  }
}
