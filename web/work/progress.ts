// How far a redrive has come, in numbers and in words.
import type { RedriveRow } from '../../functions/api/schemas/redrives.ts'
import { count, counted } from '../../functions/status/words.ts'

/** Records that need nothing more: they have come back, or never will be sent. */
export function settledOf({ stored, duplicate, noise, failed, gone, cancelled }: RedriveRow): number {
  return stored + duplicate + noise + failed + gone + cancelled
}

export function progressWords(redrive: RedriveRow): string {
  const back = redrive.stored + redrive.duplicate + redrive.noise + redrive.failed
  const parts = [
    [redrive.stored, 'stored'],
    [redrive.duplicate, 'known already'],
    [redrive.noise, 'noise'],
    [redrive.failed, 'failed again'],
    [redrive.gone, 'settled meanwhile'],
    [redrive.cancelled, 'cancelled'],
    [redrive.sent - back, 'on the way back'],
    [redrive.waiting, 'to be sent'],
  ] as const
  const said = parts.filter(([number]) => number > 0).map(([number, word]) => `${count(number)} ${word}`)
  return `${counted(redrive.records, 'record')}: ${said.join(', ')}`
}
