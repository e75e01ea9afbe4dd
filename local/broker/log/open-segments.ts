// Finds the segments of a partition when the broker starts, and takes up or recovers what is known of them.
import { join } from 'node:path'
import { PipelineError } from '../../../functions/errors.ts'
import type { ProducerTable } from '../producers/table.ts'
import type { Storage } from '../storage/storage.ts'
import { recover } from './recover.ts'
import { Segment, segmentFileName } from './segment.ts'

/**
 * The segments in `folder`, which is made when absent, and the bytes cut off as a torn tail; fills `producers`.
 *
 * @throws PipelineError LOG_CORRUPT when they are damaged in a way that an interrupted write does not explain
 */
export function openSegments(
  storage: Storage,
  folder: string,
  producers: ProducerTable,
): { segments: [Segment, ...Segment[]]; tornBytes: number } {
  storage.makeFolder(folder)
  const names = storage.list(folder).sort()
  // What a killed process left half done: a seal, or a compacted segment that had not taken its place.
  for (const name of names.filter((each) => each.endsWith('.new'))) storage.remove(join(folder, name))
  const found = names
    .filter((name) => /^\d{20}\.log$/.test(name))
    .map((name) => new Segment(storage, join(folder, name), Number.parseInt(name, 10)))
  let tornBytes = 0
  for (const [i, segment] of found.entries()) {
    const expected = found[i - 1]?.nextOffset ?? segment.baseOffset
    if (segment.baseOffset !== expected) {
      throw new PipelineError('LOG_CORRUPT', `${segment.file} does not follow on offset ${expected - 1}`)
    }
    tornBytes += recover(segment, segment === found.at(-1), producers)
  }
  const [first, ...rest] = found
  return { segments: [first ?? new Segment(storage, join(folder, segmentFileName(0)), 0), ...rest], tornBytes }
}
