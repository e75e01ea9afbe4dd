// Cuts what a function prints into lines, none of them too long and not too many of them.
import { logLineCharsMax, logLinesMax } from './limits.ts'

export interface LogLines {
  /** The lines that `text` completes. */
  add(text: string): string[]
  /** What stands without a line end, and how much was left out; then counts anew. */
  flush(): string[]
}

export function logLines(): LogLines {
  let rest = ''
  let count = 0
  let leftOut = 0

  function admit(lines: string[]): string[] {
    const room = Math.max(0, logLinesMax - count)
    const admitted = lines.slice(0, room)
    count += admitted.length
    leftOut += lines.length - admitted.length
    return admitted.map(shorten)
  }

  return {
    add(text) {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      // A line that never ends is given up piece by piece instead of being kept.
      if (rest.length > logLineCharsMax) {
        lines.push(rest)
        rest = ''
      }
      return admit(lines)
    },
    flush() {
      const lines = rest === '' ? [] : admit([rest])
      if (leftOut > 0) lines.push(`(${leftOut} more lines were left out)`)
      rest = ''
      count = 0
      leftOut = 0
      return lines
    },
  }
}

function shorten(line: string): string {
  const end = line.endsWith('\r') ? line.length - 1 : line.length
  if (end <= logLineCharsMax) return line.slice(0, end)
  return `${line.slice(0, logLineCharsMax)}... (${end - logLineCharsMax} more characters)`
}
