// One event of the simulated shop.
import type { Random } from '../random.ts'
import type { EventType } from './event.ts'

const eventTypes: readonly EventType[] = ['purchase', 'view', 'cart_add', 'checkout']
const regions = ['AU-NSW', 'AU-VIC', 'AU-WA', 'AU-QLD']

export interface ShopEvent {
  event_id: string
  event_type: EventType
  user_id: number
  product_id: number
  amount: number
  /** UTC without a zone, six digits of a second. */
  timestamp: string
  region: string
}

/** An event of the moment `atMs`, whose fraction becomes the timestamp's microseconds. */
export function generateEvent(random: Random, atMs: number): ShopEvent {
  // In this order, so that a seed makes what it always made.
  const event_id = uuid4(random)
  const event_type = pick(random, eventTypes)
  return { event_id, event_type, ...particulars(random, atMs) }
}

/** The same, but of a type. */
export function shopEvent(random: Random, type: EventType, atMs: number): ShopEvent {
  return { event_id: uuid4(random), event_type: type, ...particulars(random, atMs) }
}

function particulars(random: Random, atMs: number): Omit<ShopEvent, 'event_id' | 'event_type'> {
  return {
    user_id: between(random, 1000, 9999),
    product_id: between(random, 1, 500),
    amount: between(random, 500, 85_000) / 100,
    timestamp: naiveTimestamp(atMs),
    region: pick(random, regions),
  }
}

/** `2026-11-23T01:02:03.456789`, as Python's isoformat writes a UTC moment that carries no zone. */
export function naiveTimestamp(atMs: number): string {
  const micros = Math.floor((atMs - Math.floor(atMs)) * 1000)
  return new Date(Math.floor(atMs)).toISOString().replace('Z', String(micros).padStart(3, '0'))
}

/** A whole number from `low` to `high`, both included. */
function between(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1))
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)] as T
}

/** RFC 9562, version 4. */
function uuid4(random: Random): string {
  const bytes = Buffer.alloc(16)
  for (let at = 0; at < 16; at += 4) bytes.writeUInt32BE(Math.floor(random() * 2 ** 32), at)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
