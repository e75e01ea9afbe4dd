// Everything that happens in a mapping as lines of JSON in a file, for programs and for comparing with other Kafkas.
import { closeSync, openSync, writeSync } from 'node:fs'
import type { Happening } from '../event-source-mapping/happening.ts'

export interface EventsFile {
  write(happening: Happening): void
  close(): void
}

/**
 * Appends to the file; without one, goes nowhere. Each line is with the operating system before the mapping goes on, so
 * that whatever was done before a `kill -9` is told.
 *
 * @throws the operating system's error when the file cannot be written
 */
export function openEventsFile(path: string | undefined): EventsFile {
  if (path === undefined) return { write() {}, close() {} }
  const file = openSync(path, 'a')
  return {
    write({ t, type, ...rest }) {
      writeSync(file, `${JSON.stringify({ t, type, ...rest })}\n`)
    },
    close: () => closeSync(file),
  }
}
