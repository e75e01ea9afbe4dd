// What the API is made of: everything that differs between Lambda, the local server and a test.
import type { EventRules } from '../events/business.ts'
import type { Publish } from '../kafka/publish.ts'
import type { RecordPlace } from '../store/search.ts'
import type { Store } from '../store/store.ts'
import type { InFlight, PastAttempts } from './journey/read-journey.ts'
import type { ReadRecord } from './journey/read-record.ts'
import type { AbandonmentParts } from './readings/abandonment.ts'
import type { Summary } from './schemas.ts'

export interface ApiParts {
  store: Store
  publish: Publish
  /** ms */
  now(): number
  /** The consumer group that summary, lists and the live stream are about. */
  group: string
  topic: string
  /** What a posted event must be, and a dead letter that is sent again. */
  rules: EventRules
  thresholds: Summary['thresholds']
  /** Where days of business figures begin and end, by its IANA name. */
  timeZone: string
  /** How often the lag function is due, ms. */
  samplePeriodMs: number
  /** The second consumer; absent where the pipeline has none. */
  abandonment?: AbandonmentParts | undefined
  /** Host names (without a port) that are answered, plain addresses beside them; absent: all, where something in front decides. */
  allowedHosts?: string[] | undefined
  /** What everything but health asks for; absent: nothing is asked, which is for this machine alone. */
  token?: string | undefined
  /** Of all clients together; 200 unless given. */
  writesPerSecondMax?: number | undefined
  /** Where a record is while its batch is in flight; absent where nobody can say. */
  inFlight?: ((place: RecordPlace) => InFlight | null) | undefined
  /** How often the batch of a settled record was tried, where somebody has seen more than one attempt. */
  pastAttempts?: ((place: RecordPlace) => PastAttempts | null) | undefined
  /** Reads a record from its topic; absent where Kafka is not to be asked. */
  readRecord?: ReadRecord | undefined
  /** False where answers can't stream, as in Lambda: `/api/live` is then always one poll. */
  streams: boolean
  /** Where an unexpected error goes; it never reaches a client. */
  onError?(error: unknown): void
}
