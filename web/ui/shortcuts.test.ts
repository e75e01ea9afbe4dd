import { expect, it } from 'vitest'
import { commandOf } from './shortcuts.ts'

const key = (name: string, more = {}) => ({ key: name, ctrlKey: false, metaKey: false, altKey: false, ...more })
const body = { tag: 'BODY', typing: false }

it('is off while typing, and with a modifier held', () => {
  expect(commandOf(key('j'), body, true)).toBe('next-row')
  expect(commandOf(key('j'), { tag: 'INPUT', typing: true }, true)).toBeNull()
  expect(commandOf(key('k', { metaKey: true }), body, true)).toBeNull()
})

it('leaves space to the button that is focused', () => {
  expect(commandOf(key(' '), body, true)).toBe('pause')
  expect(commandOf(key(' '), { tag: 'TR', typing: false }, true)).toBe('pause')
  expect(commandOf(key(' '), { tag: 'BUTTON', typing: false }, true)).toBeNull()
})

it('can be switched off, but for Escape', () => {
  expect(commandOf(key('?'), body, false)).toBeNull()
  expect(commandOf(key('Escape'), body, false)).toBe('escape')
})

it('goes to a panel by g and its letter, and forgets the g after any other key', () => {
  expect(commandOf(key('g'), body, true)).toBe('go')
  expect(commandOf(key('d'), body, true, 'go')).toBe('go-to dead-letters-title')
  expect(commandOf(key('t'), body, true, 'go')).toBe('go-to throughput-title')
  expect(commandOf(key('t'), body, true, 'next-row')).toBe('chart-or-table')
  expect(commandOf(key('d'), body, false, 'go')).toBeNull()
})
