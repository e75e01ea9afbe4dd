// Moments as people read them, in the zone they chose.

export type Zone = 'local' | 'utc'

const formats = new Map<string, Intl.DateTimeFormat>()

/** "14:03:22", of a moment in ms since 1970. */
export function clock(ms: number, zone: Zone): string {
  return format(zone, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(ms)
}

/** "14:03". */
export function clockMinute(ms: number, zone: Zone): string {
  return format(zone, { hour: '2-digit', minute: '2-digit' }).format(ms)
}

/** The milliseconds of a moment, ".317": a zone never moves them, so no formatter is asked. */
export function millis(ms: number): string {
  return `.${String(((Math.trunc(ms) % 1000) + 1000) % 1000).padStart(3, '0')}`
}

/** "22 Nov 2026, 14:03:22". */
export function dateTime(ms: number, zone: Zone): string {
  return format(zone, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).format(ms)
}

/** For <time datetime>. */
export function machineTime(ms: number): string {
  return new Date(ms).toISOString()
}

/** "Sydney" of Australia/Sydney: the zone that this browser calls local. "Local (UTC)" where both choices say the same. */
export function localZoneName(): string {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const place = zone.split('/').at(-1)?.replaceAll('_', ' ') ?? zone
  return place === 'UTC' ? 'Local (UTC)' : place
}

function format(zone: Zone, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone}:${Object.keys(options).join()}`
  let made = formats.get(key)
  if (!made) {
    made = new Intl.DateTimeFormat('en-AU', {
      ...options,
      hourCycle: 'h23',
      ...(zone === 'utc' ? { timeZone: 'UTC' } : {}),
    })
    formats.set(key, made)
  }
  return made
}
