// Who one connection is: nobody, somebody who is proving it, or a user. https://kafka.apache.org/protocol.html#sasl_handshake
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { ErrorName } from '../protocol/error-codes.ts'
import { challenge, type ScramExchange, type ScramMechanism, scramHashes } from './scram.ts'

/** Names and passwords. */
export type Users = ReadonlyMap<string, string>

export const mechanisms = ['PLAIN', ...Object.keys(scramHashes)]

export type Authenticated = { bytes: Buffer } | { error: ErrorName; message: string }

export class Session {
  private readonly users: Users | null
  private mechanism: string | null = null
  private exchange: ScramExchange | null = null
  private bare = false
  private proven = false

  /** Without users everybody may do everything. */
  constructor(users: Users | null) {
    this.users = users
  }

  get isOpen(): boolean {
    return this.users === null || this.proven
  }

  /** Whether the next frame is a token of the exchange as it is, and so is the answer to it. */
  get takesBareTokens(): boolean {
    return this.bare && !this.proven
  }

  /** With `bare` tokens, those of the exchange come without SaslAuthenticate around them. */
  choose(mechanism: string, bare = false): ErrorName | null {
    if (this.users === null || this.proven) return 'ILLEGAL_SASL_STATE'
    if (!mechanisms.includes(mechanism)) return 'UNSUPPORTED_SASL_MECHANISM'
    this.mechanism = mechanism
    this.exchange = null
    this.bare = bare
    return null
  }

  /** One step of the exchange that the chosen mechanism asks for. */
  step(bytes: Buffer): Authenticated {
    if (this.users === null || this.mechanism === null || this.proven) {
      return { error: 'ILLEGAL_SASL_STATE', message: 'SaslHandshake comes first, and once.' }
    }
    const answer = this.mechanism === 'PLAIN' ? this.plain(bytes) : this.scram(bytes.toString('utf8'))
    if (answer !== null) return { bytes: Buffer.from(answer) }
    this.exchange = null
    return { error: 'SASL_AUTHENTICATION_FAILED', message: 'Authentication failed: invalid credentials.' }
  }

  /** RFC 4616: who to act as (which must be the same user, if anyone), user and password, with zeros between. */
  private plain(bytes: Buffer): string | null {
    const [actsAs, user, password] = bytes.toString('utf8').split('\0')
    const known = this.users?.get(user ?? '')
    if (known === undefined || password === undefined || (actsAs !== '' && actsAs !== user)) return null
    this.proven = timingSafeEqual(digest(known), digest(password))
    return this.proven ? '' : null
  }

  private scram(message: string): string | null {
    if (this.exchange === null) {
      const chance = { salt: randomBytes(16), nonce: randomBytes(18).toString('base64url') }
      this.exchange = challenge(this.mechanism as ScramMechanism, message, (user) => this.users?.get(user), chance)
      return this.exchange?.challenge ?? null
    }
    const last = this.exchange.finish(message)
    this.proven = last !== null
    return last
  }
}

/** Of one length, whatever the password's, so that comparing takes one time. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
