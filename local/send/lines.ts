// Reads lines as they come, with their number and where they end; a line that is too long is told, not kept.
export interface Line {
  /** From 1. */
  number: number
  /** null: longer than `bytesMax`. */
  bytes: Uint8Array | null
  /** Bytes from the beginning up to behind this line. */
  end: number
}

const newline = 0x0a

/** The lines of `chunks`, which begin at byte `from` behind line `number`. The last one needs no line feed. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  { from = 0, number = 0, bytesMax }: { from?: number; number?: number; bytesMax: number },
): AsyncGenerator<Line> {
  let kept: Uint8Array[] = []
  let length = 0
  let end = from

  function line(): Line {
    const bytes = length > bytesMax ? null : Buffer.concat(kept)
    kept = []
    length = 0
    return { number: ++number, bytes, end }
  }

  for await (const chunk of chunks) {
    let start = 0
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, start)) {
      keep(chunk.subarray(start, at))
      end += 1
      yield line()
      start = at + 1
    }
    keep(chunk.subarray(start))
  }
  if (length > 0) yield line()

  function keep(part: Uint8Array): void {
    length += part.length
    end += part.length
    // Of a line that is too long only its end is looked for.
    if (length > bytesMax) kept = []
    else if (part.length > 0) kept.push(part)
  }
}
