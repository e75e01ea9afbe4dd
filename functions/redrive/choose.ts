// Which dead letters a person means: some by their numbers, all open ones of a code, or all that are open.
import type { Candidate, Redrives, Selection } from '../store/redrives.ts'

export type DeadLetterChoice = { seqs: number[] } | { code: string } | 'all'

/** One request takes so many dead letters, and stops where their values add up to so much. */
export const lettersMax = 10_000
const bytesMax = 64 * 1024 * 1024
const pageLetters = 500

export interface ChosenPage {
  letters: Candidate[]
  /** Numbers that no dead letter has. */
  missing: number[]
  /** Open ones that are beyond the limits; with the last page. */
  left: number
}

/** Page by page, so that no more than a page of values is held at once. */
export async function* chosen(
  choice: DeadLetterChoice,
  { redrives, group }: { redrives: Pick<Redrives, 'groups' | 'select'>; group: string },
): AsyncGenerator<ChosenPage> {
  const groups = await redrives.groups({ group })
  const seqs = typeof choice === 'object' && 'seqs' in choice ? [...new Set(choice.seqs)].sort((a, b) => a - b) : null
  const codes = groups.map(({ code }) => code).filter((code) => choice === 'all' || code === codeOf(choice))
  const selections: Selection[] = seqs ? [{ seqs }] : codes.map((code) => ({ code }))
  const open = groups.filter(({ code }) => codes.includes(code)).reduce((sum, one) => sum + one.open, 0)
  const found = new Set<number>()
  let letters = 0
  let bytes = 0
  for (const selection of selections) {
    for (let after = 0; letters < lettersMax && bytes < bytesMax; ) {
      const limit = Math.min(pageLetters, lettersMax - letters)
      const page = await redrives.select({ group, selection, after, limit })
      if (page.length === 0) break
      for (const { seq, value } of page) {
        found.add(seq)
        bytes += value?.length ?? 0
        after = seq
      }
      letters += page.length
      yield { letters: page, missing: [], left: 0 }
    }
  }
  const isCut = letters >= lettersMax || bytes >= bytesMax
  const unread = seqs ? seqs.filter((seq) => !found.has(seq)) : []
  yield {
    letters: [],
    missing: isCut ? [] : unread,
    left: seqs ? (isCut ? unread.length : 0) : Math.max(0, open - letters),
  }
}

function codeOf(choice: DeadLetterChoice): string | undefined {
  return typeof choice === 'object' && 'code' in choice ? choice.code : undefined
}
