// A posted body into its events: each as a value, and as the very text that was sent, which is what goes to the topic.
import { PipelineError } from '../../errors.ts'

export interface PostedEvent {
  /** Undefined where this line is not JSON. */
  value: unknown
  text: string
}

export const eventsMax = 1000

/**
 * One JSON object, an array of them, or NDJSON: when it says so, or when the whole is not JSON but its first line is.
 * In NDJSON a broken line is that line's own fault.
 *
 * @throws PipelineError BODY_INVALID, BODY_TOO_LARGE
 */
export function splitBody(body: Uint8Array, isDeclaredNdjson: boolean): PostedEvent[] {
  const text = decode(body).trim()
  if (text === '') throw new PipelineError('BODY_INVALID', 'the body is empty')
  const events = isDeclaredNdjson ? lines(text) : (jsonEvents(text) ?? guessedLines(text))
  if (events.length === 0) throw new PipelineError('BODY_INVALID', 'the array is empty')
  if (events.length > eventsMax) {
    throw new PipelineError('BODY_TOO_LARGE', `expected at most ${eventsMax} events, got ${events.length}`)
  }
  return events
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    throw new PipelineError('BODY_INVALID', 'the body is not UTF-8')
  }
}

function jsonEvents(text: string): PostedEvent[] | undefined {
  const value = parse(text)
  if (value === undefined) return undefined
  if (!Array.isArray(value)) return [{ value, text }]
  const texts = elementTexts(text)
  return value.map((element, index) => ({ value: element as unknown, text: texts[index] as string }))
}

function guessedLines(text: string): PostedEvent[] {
  const events = lines(text)
  if (events.length > 1 && events[0]?.value !== undefined) return events
  throw new PipelineError('BODY_INVALID', 'the body is neither JSON nor NDJSON')
}

function lines(text: string): PostedEvent[] {
  const filled = text.split('\n').filter((line) => line.trim() !== '')
  return filled.map((line) => ({ value: parse(line), text: line.trim() }))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/**
 * The source text of each element of a valid JSON array. Writing the parsed value out again would not do: a number may
 * lose digits, and a key given twice is gone.
 */
export function elementTexts(arrayText: string): string[] {
  const texts: string[] = []
  let depth = 0
  let start = 1
  for (let at = 0; at < arrayText.length; at++) {
    const character = arrayText[at]
    if (character === '"') at = endOfString(arrayText, at)
    else if (character === '[' || character === '{') depth++
    else if (character === ']' || character === '}') depth--
    if ((depth === 1 && character === ',') || depth === 0) {
      texts.push(arrayText.slice(start, at).trim())
      start = at + 1
    }
    if (depth === 0) break
  }
  return texts
}

/** The index of the quote that closes the string begun at `at`. */
function endOfString(text: string, at: number): number {
  let end = at + 1
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1
  return end
}
