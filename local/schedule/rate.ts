// Reads EventBridge Scheduler's notation for a period.
import { PipelineError } from '../../functions/errors.ts'

const unitMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const
type Unit = keyof typeof unitMs

/** Our choice: a year. Longer than any schedule here, and far below where milliseconds lose their exactness. */
const daysMax = 366

/**
 * Milliseconds of `rate(n minutes|hours|days)`. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#rate-based
 * Both `rate(1 minute)` and `rate(1 minutes)` are taken, as Scheduler takes both; seconds do not exist there.
 *
 * @throws PipelineError CONFIG_INVALID, quoting what came.
 */
export function parseRate(notation: string): number {
  const [, value = '', unit = ''] = /^rate\((\d{1,9}) (minute|hour|day)s?\)$/.exec(notation.trim()) ?? []
  const periodMs = Number(value) * (unitMs[unit as Unit] ?? 0)
  if (periodMs > 0 && periodMs <= daysMax * unitMs.day) return periodMs
  throw new PipelineError('CONFIG_INVALID', `a schedule's rate is '${notation}'`, {
    hint: `Expected rate(n minutes), rate(n hours) or rate(n days), from 1 minute to ${daysMax} days.`,
  })
}
