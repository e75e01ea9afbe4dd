import { expect, test } from 'vitest'
import { signedHeaders } from './sign.ts'

// The credentials and the moment of AWS's own test suite for signatures.
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }
const scope = { region: 'us-east-1', service: 'service', nowMs: Date.UTC(2015, 7, 30, 12, 36) }
const request = { host: 'example.amazonaws.com', headers: {}, body: '' }

test('is the one that AWS publishes for its example post-vanilla', () => {
  expect(signedHeaders(request, credentials, scope)).toEqual({
    host: 'example.amazonaws.com',
    'x-amz-date': '20150830T123600Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
      'SignedHeaders=host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  })
})

test('covers the body, every header and the session of a role', () => {
  const of = (change: object, session?: string) =>
    signedHeaders({ ...request, ...change }, { ...credentials, sessionToken: session }, scope).authorization
  const all = [of({}), of({ body: '{}' }), of({ headers: { 'x-amz-target': 'a' } }), of({}, 'of a role')]
  expect(new Set(all).size).toBe(all.length)
  expect(of({ headers: { 'x-amz-target': 'a' } }, 's')).toContain(
    'SignedHeaders=host;x-amz-date;x-amz-security-token;x-amz-target,',
  )
})
