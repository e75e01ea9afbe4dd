// Numbers as people read them, each with its unit; a no-break space keeps the two together.

const grouped = new Intl.NumberFormat('en-AU', { maximumFractionDigits: 0 })

/** 18204 -> "18,204". */
export function count(n: number): string {
  return grouped.format(n)
}

/** "1 message", "2 messages": the noun in its number. */
export function counted(n: number, noun: string): string {
  return `${count(n)}\u00a0${noun}${n === 1 ? '' : 's'}`
}

/** Events per second: one decimal while it says something. */
export function rate(perSecond: number): string {
  return perSecond >= 100 ? count(perSecond) : perSecond.toFixed(1)
}

/** A share of 1 as a percentage: "0.16%", "12%". A share that is not zero never reads as zero. */
export function share(ofOne: number): string {
  const percent = ofOne * 100
  if (percent > 0 && percent < 0.01) return 'under 0.01%'
  if (percent === 0 || percent === 100) return `${percent}%`
  // 99.97% must not be rounded to everything.
  return percent < 10 ? `${percent.toFixed(2)}%` : `${Math.min(99.9, percent).toFixed(percent < 99 ? 0 : 1)}%`
}

/** A duration in its two largest units: "0.3 s", "48 s", "1 min 34 s", "2 h 5 min", "31 d". */
export function span(ms: number): string {
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 9.95) return `${seconds.toFixed(1)}\u00a0s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole}\u00a0s`
  if (whole < 3600) return pair(Math.floor(whole / 60), 'min', whole % 60, 's')
  const minutes = Math.round(seconds / 60)
  if (minutes < 24 * 60) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
  const hours = Math.round(seconds / 3600)
  return hours < 48 ? pair(Math.floor(hours / 24), 'd', hours % 24, 'h') : `${count(hours / 24)}\u00a0d`
}

/** A duration in whole units, for what changes while one reads it: "under 1 s", "4 s", "1 min 34 s". */
export function age(ms: number): string {
  if (ms < 1000) return 'under 1\u00a0s'
  return ms < 10_000 ? `${Math.floor(ms / 1000)}\u00a0s` : span(ms)
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  const first = `${large}\u00a0${largeUnit}`
  return small === 0 ? first : `${first} ${small}\u00a0${smallUnit}`
}
