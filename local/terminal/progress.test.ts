// Progress: one line that is drawn over on a terminal, a line now and then elsewhere, and the end always shown.
import { expect, it } from 'vitest'
import { progressLine, progressOn } from './progress.ts'

it('shows how far it is, and 100 % not before it is so', () => {
  expect(progressLine({ share: 0.5, text: 'half' }, 80)).toBe('[############------------]  50%  half')
  expect(progressLine({ share: 0.9999, text: '' }, 80)).toContain(' 99%')
  expect(progressLine({ share: null, text: 'who knows' }, 5)).toBe('who k')
})

it.each([
  [true, 100, ['\r\x1b[K1', '\r\x1b[K3', '\r\x1b[Krefused\n', '\r\x1b[K4', '\n']],
  [false, 5_000, ['1\n', '3\n', 'refused\n', '4\n']],
])(
  'draws now and then, prints what is said, and ends with the last state (a terminal: %s)',
  (isTTY, everyMs, expected) => {
    let now = 0
    const written: string[] = []
    const progress = progressOn({ write: (text) => written.push(text), isTTY, columns: 80 }, () => now)
    const show = (text: string) => progress.show({ share: null, text })
    show('1')
    show('2')
    now += everyMs
    show('3')
    progress.say('refused')
    show('4')
    progress.end()
    expect(written).toEqual(expected)
  },
)
