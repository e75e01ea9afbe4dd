// What the reader chose for this browser: theme, time zone, chart or table, single-key shortcuts.
import type { Zone } from './format.ts'

export type Theme = 'auto' | 'light' | 'dark'

interface Stored {
  theme: Theme
  zone: Zone
  chartAsTable: boolean
  shortcuts: boolean
  /** Who acts, for the trail of dead letters. */
  name: string
}

const storageKey = 'freshet.preferences'
const defaults: Stored = { theme: 'auto', zone: 'local', chartAsTable: false, shortcuts: true, name: '' }

export const preferences: Stored = $state({ ...defaults, ...stored() })

/** Keeps a choice. A browser that refuses storage keeps it for this page only. */
export function prefer(change: Partial<Stored>): void {
  Object.assign(preferences, change)
  applyTheme()
  try {
    localStorage.setItem(storageKey, JSON.stringify(preferences))
  } catch {
    // Storage is full or forbidden; the choice still holds until the page closes.
  }
}

export function applyTheme(): void {
  document.documentElement.dataset.theme = preferences.theme
}

function stored(): Partial<Stored> {
  try {
    return JSON.parse(localStorage.getItem(storageKey) ?? '{}') as Partial<Stored>
  } catch {
    return {}
  }
}
