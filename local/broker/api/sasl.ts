// SaslHandshake and SaslAuthenticate: a client says who it is, before anything else, where the broker knows users.
import { mechanisms } from '../authentication/session.ts'
import { errorCode } from '../protocol/error-codes.ts'
import { bytes, int16, int64, listOf, string } from '../protocol/schema.ts'
import { defineApi } from './api.ts'

export const saslHandshake = defineApi({
  name: 'SaslHandshake',
  key: 17,
  // Version 0 is followed by tokens that are no Kafka requests. librdkafka uses SASL only where it is announced.
  versions: [0, 1],
  flexibleSince: Number.POSITIVE_INFINITY,
  request: { mechanism: string() },
  response: { errorCode: int16(), mechanisms: listOf(string()) },
  handle(_broker, { mechanism }, { session, version }) {
    return { errorCode: errorCode[session.choose(mechanism, version === 0) ?? 'NONE'], mechanisms }
  },
})

export const saslAuthenticate = defineApi({
  name: 'SaslAuthenticate',
  key: 36,
  versions: [0, 2],
  flexibleSince: 2,
  request: { authBytes: bytes() },
  response: {
    errorCode: int16(),
    errorMessage: string({ nullable: 0 }),
    authBytes: bytes(),
    /** 0: it does not end. */
    sessionLifetimeMs: int64({ since: 1, absent: 0 }),
  },
  handle(_broker, { authBytes }, { session }) {
    const answer = session.step(authBytes)
    if ('bytes' in answer) return { errorCode: errorCode.NONE, errorMessage: null, authBytes: answer.bytes }
    return { errorCode: errorCode[answer.error], errorMessage: answer.message, authBytes: Buffer.alloc(0) }
  },
})
