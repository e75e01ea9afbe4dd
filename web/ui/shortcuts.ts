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

export const shortcutHelp: [keys: string[], meaning: string][] = [
  [['j', 'k'], 'next, previous row'],
  [['Enter'], 'the details of a row'],
  [['/'], 'filter the events'],
  [['space'], 'pause the feed, or return to the newest'],
  [['t'], 'chart or table'],
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

/** @param focused the element that has the focus: its tag name, and whether text can be typed into it */
export function commandOf(key: Key, focused: { tag: string; typing: boolean }, enabled: boolean): Command | null {
  if (key.ctrlKey || key.metaKey || key.altKey || focused.typing) return null
  const command = commands[key.key] ?? null
  // Space and Enter press what is focused; Escape is no character, so it stays when shortcuts are off.
  if ((command === 'pause' || command === 'open-row') && ['BUTTON', 'A', 'SUMMARY'].includes(focused.tag)) return null
  return enabled || command === 'escape' ? command : null
}
