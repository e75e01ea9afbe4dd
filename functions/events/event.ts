// An event as the pipeline knows it. Stores, figures and the API speak of these fields; what each stands for is the business's to say.

/** What was sent, checked. Its canonical JSON is the event's content: two of one id with another content are in conflict. */
export interface ValidEvent {
  /** Delivered again under this id, an event counts once. */
  event_id: string
  /** Figures are apart by it. */
  event_type: string
  /** Whom the event is about. Erasure and distinct users go by it. */
  user_id: number
  /** What it is about, or null. */
  product_id: number | null
  /** As it came. Sums are made of `amount_cents`. */
  amount: number
  /** ISO 8601 in UTC with a Z; digits below the millisecond are kept. */
  timestamp: string
  /** Where it happened, or null. Figures are apart by it. */
  region: string | null
  /** Fields that the pipeline has no place for, or null when there are none. */
  extra: Record<string, unknown> | null
}

/** What is made of it. */
export interface Enrichment {
  /** A class of amounts. Figures are apart by it. */
  amount_bucket: string
  is_revenue_event: boolean
  /** The amount in integer hundredths: what sums are made of. */
  amount_cents: number
  /** The event's own time in milliseconds since 1970. */
  event_ms: number
}

export type EnrichedEvent = ValidEvent & Enrichment
