// Single keys on a terminal, without a full-screen mode.
import { emitKeypressEvents } from 'node:readline'

/** Calls `onKey` with the letter of each key; Ctrl-C arrives as 'ctrl-c'. Returns the way to stop; does nothing without a terminal. */
export function listenToKeys(input: NodeJS.ReadStream, onKey: (key: string) => void): () => void {
  if (!input.isTTY) return () => {}
  const listener = (text: string | undefined, key: { name?: string; ctrl?: boolean }) => {
    onKey(key.ctrl && key.name === 'c' ? 'ctrl-c' : (text ?? key.name ?? ''))
  }
  emitKeypressEvents(input)
  input.setRawMode(true)
  input.on('keypress', listener)
  input.resume()
  return () => {
    input.off('keypress', listener)
    input.setRawMode(false)
    input.pause()
  }
}
