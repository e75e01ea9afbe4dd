// Single-key shortcuts: which key means what. Off while typing, and off by choice (WCAG 2.1.4).

export type Command =
  | 'next-row'
  | 'previous-row'
  | 'pause'
  | 'keys'
  | 'chart-or-table'
  | 'open-row'
  | 'filter'
  | 'escape'
  /** The first of two keys. */
  | 'go'
  | `go-to ${string}`

/** After g: the panels by the ids of their headings. */
const panels: Record<string, string> = {
  f: 'feed-title',
  d: 'dead-letters-title',
  t: 'throughput-title',
  p: 'path-title',
  l: 'lag-title',
  m: 'mapping-title',
  b: 'business-title',
  a: 'abandonment-title',
  x: 'faults-title',
}

export const shortcutHelp: [keys: string[], meaning: string][] = [
  [['j', 'k'], 'next, previous row'],
  [['Enter'], 'the details of a row'],
  [['/'], 'filter the events'],
  [['space'], 'pause the feed, or return to the newest'],
  [['t'], 'chart or table'],
  [
    ['g', 'f'],
    'go to the events; with d dead letters, t throughput, p path, l lag, m mapping, b business, a carts, x faults',
  ],
  [['←', '→'], 'move along the chart, when it is focused'],
  [['Esc'], 'leave a row, close'],
  [['?'], 'this list'],
]

const commands: Record<string, Command> = {
  j: 'next-row',
  k: 'previous-row',
  ' ': 'pause',
  '?': 'keys',
  t: 'chart-or-table',
  g: 'go',
  Enter: 'open-row',
  '/': 'filter',
  Escape: 'escape',
}

/** The narrow slice of KeyboardEvent that decides. */
export interface Key {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
}

/**
 * @param focused the element that has the focus: its tag name, and whether text can be typed into it
 * @param before the command of the key before this one
 */
export function commandOf(
  key: Key,
  focused: { tag: string; typing: boolean },
  enabled: boolean,
  before: Command | null = null,
): Command | null {
  if (key.ctrlKey || key.metaKey || key.altKey || focused.typing) return null
  if (before === 'go' && enabled && panels[key.key]) return `go-to ${panels[key.key]}`
  const command = commands[key.key] ?? null
  // Space and Enter press what is focused; Escape is no character, so it stays when shortcuts are off.
  if ((command === 'pause' || command === 'open-row') && ['BUTTON', 'A', 'SUMMARY'].includes(focused.tag)) return null
  return enabled || command === 'escape' ? command : null
}
