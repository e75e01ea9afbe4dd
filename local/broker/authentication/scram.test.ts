import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { expect, it } from 'vitest'
import { challenge } from './scram.ts'

const chance = { salt: Buffer.from('salt'), nonce: 'server' }

/** What a client answers, with the nonce that it says it was given. */
function response(password: string, serverFirst: string, nonce: string): string {
  const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest()
  const clientKey = hmac(pbkdf2Sync(password, chance.salt, 4096, 32, 'sha256'), 'Client Key')
  const withoutProof = `c=biws,r=${nonce}`
  const message = `n=shop,r=client,${serverFirst},${withoutProof}`
  const signature = hmac(createHash('sha256').update(clientKey).digest(), message)
  const proof = Buffer.from(clientKey.map((byte, i) => byte ^ (signature[i] as number)))
  return `${withoutProof},p=${proof.toString('base64')}`
}

it.each([
  ['the nonce it was given', 'right', 'clientserver', true],
  ['its own once more in front, as librdkafka did before 2.6.1', 'right', 'clientclientserver', true],
  ['a nonce of an earlier exchange', 'right', 'clientearlier', false],
  ['the nonce, but not the password', 'wrong', 'clientserver', false],
])('judges a client who answers with %s', (_, password, nonce, letIn) => {
  const exchange = challenge('SCRAM-SHA-256', 'n,,n=shop,r=client', () => 'right', chance)
  const answer = exchange?.finish(response(password, exchange.challenge, nonce))
  expect(answer?.startsWith('v=') ?? false).toBe(letIn)
})
