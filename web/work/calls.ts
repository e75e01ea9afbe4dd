// What the workbench asks the API, and what it has it do.
import type {
  DeadLetterCaseRow,
  DeadLetterGroupRow,
  RedriveAnswer,
  RedriveRequest,
  RedriveRow,
} from '../../functions/api/schemas/redrives.ts'
import type { DeadLetterRow } from '../../functions/api/schemas.ts'
import { get, post } from '../http.ts'

/** Of one code at a time, the newest: more are worked off as a group. */
export const lettersListed = 50

/** Which dead letters are meant: some, all open ones of a code, or all open ones. */
export type Target = { ids: number[] } | { code: string } | { all: true }

export const getGroups = () => get<{ groups: DeadLetterGroupRow[] }>('/api/dead-letters/groups')
/** @param code null: of all */
export const getOpenLetters = (code: string | null) =>
  get<{ deadLetters: DeadLetterRow[] }>(
    `/api/dead-letters?state=open&limit=${lettersListed}${code === null ? '' : `&code=${encodeURIComponent(code)}`}`,
  )
export const getLetter = (id: number) => get<DeadLetterCaseRow>(`/api/dead-letters/${id}`)
export const getRedrives = () => get<{ redrives: RedriveRow[] }>('/api/redrives')
export const postRedrive = (request: RedriveRequest) => post<RedriveAnswer>('/api/redrives', request)
export const cancelRedrive = (id: number, by: string) => post<RedriveRow>(`/api/redrives/${id}/cancel`, { by })
export const discard = (target: Target, reason: string, by: string) =>
  post<{ discarded: number; left: number }>('/api/dead-letters/discard', { ...target, reason, by })
