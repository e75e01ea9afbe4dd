// The server's side of SCRAM (RFC 5802, RFC 7677): proves a password without sending it. Pure.
import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto'

export const scramHashes = { 'SCRAM-SHA-256': 'sha256', 'SCRAM-SHA-512': 'sha512' } as const
export type ScramMechanism = keyof typeof scramHashes

/** Kafka's default and minimum. */
const iterations = 4096

export interface ScramExchange {
  /** To be sent to the client. */
  challenge: string
  /** The server's last message when `response` proves the password, else null. */
  finish(response: string): string | null
}

/**
 * Answers a client's first message, or null when it cannot be understood. An unknown user gets a challenge like any
 * other, so that names cannot be tried out. `salt` and `nonce` are chance.
 */
export function challenge(
  mechanism: ScramMechanism,
  first: string,
  passwordOf: (user: string) => string | undefined,
  { salt, nonce }: { salt: Buffer; nonce: string },
): ScramExchange | null {
  const found = /^n,(?:a=[^,]*)?,(n=([^,]+),r=([^,]+).*)$/s.exec(first)
  if (found === null) return null
  const [, bare, name, clientNonce] = found as unknown as [string, string, string, string]
  const user = name.replaceAll('=2C', ',').replaceAll('=3D', '=')
  const together = clientNonce + nonce
  const serverFirst = `r=${together},s=${salt.toString('base64')},i=${iterations}`
  return {
    challenge: serverFirst,
    finish: (response) =>
      verify(mechanism, { bare, serverFirst, together, salt, password: passwordOf(user) }, response),
  }
}

interface Asked {
  bare: string
  serverFirst: string
  together: string
  salt: Buffer
  password: string | undefined
}

function verify(mechanism: ScramMechanism, asked: Asked, response: string): string | null {
  const found = /^(c=[^,]+,r=([^,]+).*),p=([^,]+)$/s.exec(response)
  if (found === null) return null
  const [, withoutProof, nonce, proofText] = found as unknown as [string, string, string, string]
  const hash = scramHashes[mechanism]
  const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest()
  const bytes = createHash(hash).digest().length
  const salted = pbkdf2Sync((asked.password ?? '').normalize('NFKC'), asked.salt, iterations, bytes, hash)
  const clientKey = hmac(salted, 'Client Key')
  const storedKey = createHash(hash).update(clientKey).digest()
  const authMessage = `${asked.bare},${asked.serverFirst},${withoutProof}`
  const signature = hmac(storedKey, authMessage)
  const proof = Buffer.from(proofText, 'base64')
  const expected = Buffer.from(clientKey.map((byte, i) => byte ^ (signature[i] as number)))
  const proven = proof.length === expected.length && timingSafeEqual(proof, expected)
  // As Kafka's ScramSaslServer: librdkafka before 2.6.1 puts its own nonce in front once more.
  if (asked.password === undefined || !proven || !nonce.endsWith(asked.together)) return null
  return `v=${hmac(hmac(salted, 'Server Key'), authMessage).toString('base64')}`
}
