// Judges what a function answered: which records of a batch are done, and which must be tried again.
import type { InvokeResult } from './invoke.ts'

/** The records of one partition that were in the event. */
export interface Invoked {
  /** `<topic>-<partition>` */
  key: string
  records: readonly { offset: number }[]
}

export type Outcome =
  | { kind: 'ok' }
  /** Only the named offsets are tried again. */
  | { kind: 'partial'; failed: ReadonlyMap<string, ReadonlySet<number>> }
  /** The whole batch is tried again, and it was an attempt. */
  | { kind: 'error'; error: string }
  /** The function was never reached: no attempt. https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html */
  | { kind: 'throttled'; error: string }

/**
 * What became of a batch. The answer's text counts only with `ReportBatchItemFailures`; without it any answer is a success.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html: `null`, `{}` and no failures are a
 * success; an identifier that is not in the batch fails the whole of it. As AWS does for Kinesis, an empty text, `[]` and
 * `{"batchItemFailures": null}` are successes too, and a missing or malformed identifier fails the whole batch.
 */
export function judge(invoked: readonly Invoked[], result: InvokeResult, reportBatchItemFailures: boolean): Outcome {
  if (result.kind === 'throttled') return { kind: 'throttled', error: result.reason ?? 'Throttled' }
  if (result.kind === 'function-error') return { kind: 'error', error: `${result.errorType}: ${result.errorMessage}` }
  if (!reportBatchItemFailures || result.payload === '') return { kind: 'ok' }
  let answer: unknown
  try {
    answer = JSON.parse(result.payload)
  } catch {
    return { kind: 'error', error: 'The answer is not JSON' }
  }
  return judgeAnswer(invoked, answer)
}

function judgeAnswer(invoked: readonly Invoked[], answer: unknown): Outcome {
  if (answer === null || answer === '' || (Array.isArray(answer) && answer.length === 0)) return { kind: 'ok' }
  if (typeof answer !== 'object' || Array.isArray(answer)) return malformed('The answer is not an object', answer)
  const failures = (answer as { batchItemFailures?: unknown }).batchItemFailures
  if (failures === undefined || failures === null) return { kind: 'ok' }
  if (!Array.isArray(failures)) return malformed('batchItemFailures is not an array', failures)
  if (failures.length === 0) return { kind: 'ok' }

  const known = new Map(invoked.map(({ key, records }) => [key, new Set(records.map(({ offset }) => offset))]))
  const failed = new Map<string, Set<number>>()
  for (const failure of failures) {
    const identifier = (failure as { itemIdentifier?: unknown } | null)?.itemIdentifier
    const { partition, offset } = (identifier ?? {}) as { partition?: unknown; offset?: unknown }
    if (typeof partition !== 'string' || typeof offset !== 'number') {
      return malformed('An itemIdentifier is not {"partition": "<topic>-<number>", "offset": <number>}', failure)
    }
    if (!known.get(partition)?.has(offset)) return malformed('An itemIdentifier is not in the batch', identifier)
    const offsets = failed.get(partition) ?? new Set()
    failed.set(partition, offsets.add(offset))
  }
  return { kind: 'partial', failed }
}

/** The text shows a piece of what came, because whoever wrote the handler must find it; not more, because it may be large. */
function malformed(complaint: string, what: unknown): Outcome {
  return { kind: 'error', error: `${complaint}: ${(JSON.stringify(what) ?? 'undefined').slice(0, 200)}` }
}
