// What the handlers of all APIs share: the parts of one broker.

import type { Api } from './api/api.ts'
import type { Users } from './authentication/session.ts'
import type { BufferPool } from './buffer-pool.ts'
import type { Coordinator } from './groups/coordinator.ts'
import type { CommittedOffsets } from './groups/offsets.ts'
import type { Topics } from './log/topics.ts'
import type { Transactions } from './transactions/coordinator.ts'

export interface BrokerState {
  /** Every API that is served, by its key. */
  apis: ReadonlyMap<number, Api>
  /** The address that clients are told to come back to. */
  host: string
  port: number
  topics: Topics
  coordinator: Coordinator
  offsets: CommittedOffsets
  transactions: Transactions
  /** Partitions of a topic whose creator does not say. */
  defaultPartitions: number
  /** Who may connect; null for everybody. */
  users: Users | null
  /** Acknowledge only what is on the disk. */
  fsync: boolean
  /** A connection that does nothing for so long is closed. */
  idleMsMax: number
  /** What the next two may each come to. */
  bufferedBytesMax: number
  /** Bytes of requests that have not arrived in full, over all connections. */
  inboundBytes: number
  /** Bytes read since the read buffers' garbage was collected, over all connections. */
  uncollectedBytes: number
  /** Bytes of responses that slow clients have not taken in, over all connections. */
  outboundBytes: number
  /** What answers are read into. */
  buffers: BufferPool
  /** Milliseconds since 1970. */
  now(): number
  /** A line for the person who runs the broker. */
  say(line: string): void
}

/** The only node of the cluster. */
export const nodeId = 1
