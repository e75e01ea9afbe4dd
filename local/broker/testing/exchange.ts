// Speaks to a broker in bytes, as no client would.
import { connect } from 'node:net'
import { FrameReader } from '../protocol/frame.ts'

/** Sends bytes and returns the frames that came back before the connection closed, or the first `wanted` of them. */
export function exchange(port: number, bytes: Buffer, wanted = Number.POSITIVE_INFINITY): Promise<Buffer[]> {
  return new Promise((resolve) => {
    const frames = new FrameReader()
    const received: Buffer[] = []
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(bytes))
    socket.on('data', (chunk) => {
      frames.push(chunk)
      for (let frame = frames.next(); frame !== null; frame = frames.next()) received.push(frame)
      if (received.length >= wanted) socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(received))
  })
}
