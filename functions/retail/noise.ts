// What is not business: counted, never stored.

/** Named in `infra/pipeline.ts`. */
export interface NoiseRules {
  eventTypes: string[]
  /** Users below this are test traffic. */
  userIdBelow: number
}

/** Decided by the type alone, before anything is required of the rest: a heartbeat has no amount. */
export function isNoiseType(value: unknown, rules: NoiseRules): boolean {
  if (typeof value !== 'object' || value === null) return false
  const type = (value as { event_type?: unknown }).event_type
  return typeof type === 'string' && rules.eventTypes.includes(type)
}

export function isNoiseUser(event: { user_id: number }, rules: NoiseRules): boolean {
  return event.user_id < rules.userIdBelow
}
