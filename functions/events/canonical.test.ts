import fc from 'fast-check'
import { expect, it } from 'vitest'
import { canonicalJson } from './canonical.ts'
import type { ValidEvent } from './event.ts'

const event: ValidEvent = {
  event_id: 'e-1',
  event_type: 'purchase',
  user_id: 4242,
  product_id: 17,
  amount: 199.99,
  timestamp: '2026-05-01T11:59:59.123456Z',
  region: 'AU-NSW',
  extra: null,
}

// Stores compare a hash of it with those they have kept for years.
it.each([
  [
    {},
    '{"amount":199.99,"event_id":"e-1","event_type":"purchase","product_id":17,"region":"AU-NSW","timestamp":"2026-05-01T11:59:59.123456Z","user_id":4242}',
  ],
  [
    { product_id: null, region: null },
    '{"amount":199.99,"event_id":"e-1","event_type":"purchase","timestamp":"2026-05-01T11:59:59.123456Z","user_id":4242}',
  ],
  [
    { region: null, extra: { note: null, zoo: { b: [{ d: 1, c: null }], a: 1 }, big: 'x' } },
    '{"amount":199.99,"big":"x","event_id":"e-1","event_type":"purchase","product_id":17,"timestamp":"2026-05-01T11:59:59.123456Z","user_id":4242,"zoo":{"a":1,"b":[{"d":1}]}}',
  ],
])('an event with %j keeps its text from release to release', (change, text) => {
  expect(canonicalJson({ ...event, ...change })).toBe(text)
})

it('is the same with an extra field as without, where that is null', () => {
  fc.assert(
    fc.property(fc.constantFrom(17, null), fc.constantFrom('AU-NSW', null), (product_id, region) => {
      const sent = { ...event, product_id, region }
      expect(canonicalJson({ ...sent, extra: { note: null } })).toBe(canonicalJson(sent))
    }),
  )
})
