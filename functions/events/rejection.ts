// Why a record is put aside. A code is for machines and for grouping, the reason is a sentence for a person.

export const rejectionCodes = [
  'NOT_UTF8',
  'NOT_JSON',
  'EMPTY',
  'TOMBSTONE',
  'TOO_DEEP',
  'MISSING_FIELDS',
  'EVENT_INVALID',
  'FUTURE_TIMESTAMP',
  /** The same event_id with other content; found by the store. */
  'ID_CONFLICT',
  /** A mapping whose retries are limited gave the record up. */
  'GIVEN_UP',
  /** A bug of ours that throws on this one record. */
  'INTERNAL',
] as const

export type RejectionCode = (typeof rejectionCodes)[number]

export interface Rejection {
  code: RejectionCode
  reason: string
}
