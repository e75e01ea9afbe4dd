// Reads server-sent events from a byte stream: https://html.spec.whatwg.org/multipage/server-sent-events.html

/** A frame larger than this is no frame of ours; the stream is given up rather than the page's memory. */
const frameCharsMax = 8_000_000

/**
 * Calls `onData` with the data of each event. Comments and other fields are dropped here; `onBytes` tells of them, since
 * any byte is a sign of life. Resolves when the stream ends in order.
 *
 * @throws what the stream throws; RangeError when one event exceeds 8 million characters
 */
export async function readServerSent(
  stream: ReadableStream<Uint8Array>,
  onBytes: () => void,
  onData: (data: string) => void,
): Promise<void> {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      onBytes()
      rest += decoder.decode(value, { stream: true })
      rest = takeEvents(rest, onData)
      if (rest.length > frameCharsMax) throw new RangeError(`a live frame exceeds ${frameCharsMax} characters`)
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}

/** Hands over the complete events in `text` and returns what follows them. */
export function takeEvents(text: string, onData: (data: string) => void): string {
  let from = 0
  for (;;) {
    const end = blankLine(text, from)
    if (end === null) return text.slice(from)
    const data = dataOf(text.slice(from, end.at))
    if (data !== null) onData(data)
    from = end.next
  }
}

function blankLine(text: string, from: number): { at: number; next: number } | null {
  const lf = text.indexOf('\n\n', from)
  const crlf = text.indexOf('\r\n\r\n', from)
  if (lf < 0 && crlf < 0) return null
  return crlf < 0 || (lf >= 0 && lf < crlf) ? { at: lf, next: lf + 2 } : { at: crlf, next: crlf + 4 }
}

function dataOf(event: string): string | null {
  const lines: string[] = []
  for (const line of event.split(/\r?\n/)) {
    if (line.startsWith('data:')) lines.push(line.slice(line[5] === ' ' ? 6 : 5))
  }
  return lines.length === 0 ? null : lines.join('\n')
}
