// One API of Kafka's protocol: its description, its codecs by version, and the handler that answers it.
import type { Session } from '../authentication/session.ts'
import { type Codec, compile } from '../protocol/codec.ts'
import type { ReadOf, Struct, WriteOf } from '../protocol/schema.ts'
import type { BrokerState } from '../state.ts'

/** What a handler knows of the request besides its fields. */
export interface Call {
  version: number
  /** What the client calls itself; '' when it does not say. */
  clientId: string
  /** The peer's address, as Kafka prints it: `/127.0.0.1`. */
  clientHost: string
  /** Who the connection is. */
  session: Session
  /** Aborted when the connection closes: nobody waits for the answer any more. */
  signal: AbortSignal
  /** Gives a buffer for the answer to refer to. It is used for something else once the answer has been sent. */
  lend(bytes: number): Buffer
}

export interface ApiDescription<Req extends Struct, Res extends Struct> {
  name: string
  key: number
  /** First and last version served. */
  versions: readonly [first: number, last: number]
  /** First version with compact lengths and tagged fields; Infinity when none has. */
  flexibleSince: number
  request: Req
  response: Res
  /** Returns the response, or null where none is to be sent (Produce with acks=0). */
  handle(broker: BrokerState, request: ReadOf<Req>, call: Call): WriteOf<Res> | null | Promise<WriteOf<Res> | null>
}

export interface Api<Req extends Struct = Struct, Res extends Struct = Struct> extends ApiDescription<Req, Res> {
  requestCodec(version: number): Codec<Req>
  responseCodec(version: number): Codec<Res>
}

/** Completes a description with its codecs, each compiled when first needed. */
export function defineApi<Req extends Struct, Res extends Struct>(
  description: ApiDescription<Req, Res>,
): Api<Req, Res> {
  const { request, response, flexibleSince } = description
  return {
    ...description,
    requestCodec: compiledOnce((version) => compile(request, version, version >= flexibleSince)),
    responseCodec: compiledOnce((version) => compile(response, version, version >= flexibleSince)),
  }
}

function compiledOnce<T>(make: (version: number) => T): (version: number) => T {
  const made = new Map<number, T>()
  return (version) => {
    const codec = made.get(version) ?? make(version)
    made.set(version, codec)
    return codec
  }
}

/** `ClusterAuthorizedOperations` and its like where the broker does not say. */
export const operationsUnknown = -2147483648

/** IsolationLevel.READ_COMMITTED */
export const readCommitted = 1
