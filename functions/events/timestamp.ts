// ISO 8601 moments. A naive one, without a zone, means UTC: the shop's producers write them so.

const iso = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:([Zz])|([+-])(\d\d):?(\d\d))?$/

export interface Moment {
  /** Milliseconds since 1970. */
  ms: number
  /** ISO 8601 in UTC with a Z. Digits below the millisecond are kept, trailing zeros beyond it are not. */
  utc: string
}

/** Reads a date and time, or answers null when it is none that a calendar knows (30 February, 25:00). */
export function parseTimestamp(text: string): Moment | null {
  const match = iso.exec(text)
  if (!match) return null
  const [, year, month, day, hour, minute, second = '00', fraction = '', , sign, offsetHours, offsetMinutes] = match
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null
  if (sign && (Number(offsetHours) > 23 || Number(offsetMinutes) > 59)) return null
  const millis = Number(fraction.padEnd(3, '0').slice(0, 3))
  const local = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    millis,
  )
  const date = new Date(local)
  // Date.UTC rolls 30 February over into March, and reads the years 0 to 99 as 1900 to 1999.
  if (date.getUTCDate() !== Number(day) || date.getUTCFullYear() !== Number(year)) return null
  const aheadMinutes = sign ? (Number(offsetHours) * 60 + Number(offsetMinutes)) * (sign === '+' ? 1 : -1) : 0
  const ms = local - aheadMinutes * 60_000
  const below = fraction.slice(3).replace(/0+$/, '')
  // What is in UTC is written as it came, which is most of what costs time here.
  const thousandths = String(millis).padStart(3, '0')
  const utc = sign
    ? new Date(ms).toISOString().slice(0, -1)
    : `${year}-${month}-${day}T${hour}:${minute}:${second}.${thousandths}`
  return { ms, utc: `${utc}${below}Z` }
}
