// Filters: which records of a topic a function is invoked with.
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-filtering.html
import { isUtf8 } from 'node:buffer'
import type { KafkaEventRecord } from '../../functions/lambda/kafka-event.ts'
import { parseExactly } from './exact-json.ts'
import { matchesPattern } from './filter-match.ts'
import { isLeaf, type Pattern, type PatternField, parsePattern } from './filter-pattern.ts'

/** What a pattern may ask of a record. Key and headers cannot be filtered on: to a pattern they are absent. */
export interface FilterableRecord {
  topic: string
  partition: number
  offset: number
  /** Since 1970, ms. */
  timestamp: number
  timestampType: 'CREATE_TIME' | 'LOG_APPEND_TIME'
  /** Decoded: the bytes that Kafka, or the schema registry, has. null is a tombstone. */
  value: Buffer | null
}

export interface FilterOptions {
  /**
   * What becomes of a record whose value is of another format than the pattern is for. AWS's table, literally: Lambda then
   * "filters (on the other metadata properties only)", so the value is not looked at. Another page of AWS's says that what does
   * not match every field is dropped; which of them holds nobody has published. Our choice: the table.
   */
  onFormatMismatch: 'match-metadata' | 'drop'
}

export type RecordFilter = (record: FilterableRecord) => boolean

/** Patterns that are remembered by their text. A mapping has a few; a caller with ever new ones must not fill memory. */
const cacheMax = 500
const cache = new Map<string, Pattern>()

/**
 * A test that holds for records which match at least one pattern; without a pattern for all.
 *
 * @throws PipelineError CONFIG_INVALID with AWS's InvalidParameterValueException for a pattern that AWS refuses
 */
export function compileFilters(
  patterns: readonly string[],
  options: FilterOptions = { onFormatMismatch: 'match-metadata' },
): RecordFilter {
  const compiled = patterns.map(compilePattern)
  if (compiled.length === 0) return () => true
  const isExact = compiled.some(({ comparesNumbers }) => comparesNumbers)
  const onMismatch = options.onFormatMismatch === 'match-metadata'
  return function matches(record) {
    const value = readValue(record.value, isExact)
    const { topic, partition, offset, timestamp, timestampType } = record
    // Each in its place: Node 20 takes a microsecond for a field that follows a spread.
    const view =
      'json' in value
        ? { topic, partition, offset, timestamp, timestampType, value: value.json }
        : { topic, partition, offset, timestamp, timestampType }
    const foregone = (field: PatternField) => (mismatches(field, value.format) ? onMismatch : undefined)
    return compiled.some(({ root }) => matchesPattern(root, view, foregone))
  }
}

/**
 * Does a record, an element of a Lambda event's `records`, match at least one of the patterns? Patterns are compiled once and
 * remembered by their text.
 *
 * @throws PipelineError CONFIG_INVALID with AWS's InvalidParameterValueException for a pattern that AWS refuses
 */
export function matchesFilters(patterns: readonly string[], record: KafkaEventRecord): boolean {
  const { timestampType = 'CREATE_TIME', value } = record
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : null
  return compileFilters(patterns)({ ...record, timestampType, value: bytes })
}

function compilePattern(text: string): Pattern {
  const known = cache.get(text)
  if (known) return known
  const pattern = parsePattern(text)
  const oldest = cache.keys().next()
  if (cache.size >= cacheMax && !oldest.done) cache.delete(oldest.value)
  cache.set(text, pattern)
  return pattern
}

type Value =
  /** An object or an array. Our choice: a bare number or quoted text is a plain string, as it stands. */
  | { format: 'json'; json: unknown }
  | { format: 'text'; json: string }
  | { format: 'bytes' }
  /** Not covered by AWS's table. Our choice: the field is absent, as it is in the event, so that `exists: false` finds it. */
  | { format: 'none' }

function readValue(bytes: Buffer | null, isExact: boolean): Value {
  if (bytes === null) return { format: 'none' }
  if (!isUtf8(bytes)) return { format: 'bytes' }
  const text = bytes.toString('utf8')
  if (!/^[ \t\r\n]*[{[]/.test(text)) return { format: 'text', json: text }
  try {
    return { format: 'json', json: isExact ? parseExactly(text) : JSON.parse(text) }
  } catch {
    return { format: 'text', json: text }
  }
}

/** AWS's table of formats, for the field `value` of a pattern. */
function mismatches({ path, name, child }: PatternField, format: Value['format']): boolean {
  if (path.length > 1 || name !== 'value') return false
  if (format === 'none') return false
  return format !== (isLeaf(child) ? 'text' : 'json')
}
