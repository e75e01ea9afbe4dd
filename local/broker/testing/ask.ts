// Asks a broker one question over a real socket, in any version of any API.
import { connect } from 'node:net'
import type { Api } from '../api/api.ts'
import { FrameReader } from '../protocol/frame.ts'
import { Reader } from '../protocol/reader.ts'
import type { ReadOf, Struct, WriteOf } from '../protocol/schema.ts'
import { Writer } from '../protocol/writer.ts'

/** Sends the request and returns the response. Rejects when the broker closes the connection instead. */
export function ask<Req extends Struct, Res extends Struct>(
  port: number,
  api: Api<Req, Res>,
  version: number,
  request: WriteOf<Req>,
): Promise<ReadOf<Res>> {
  const flexible = version >= api.flexibleSince
  const writer = new Writer()
  writer.int32(0)
  writer.int16(api.key)
  writer.int16(version)
  writer.int32(1)
  writer.string('test', false)
  if (flexible) writer.unsignedVarint(0)
  api.requestCodec(version).write(writer, request)
  const bytes = Buffer.from(writer.toBuffer())
  bytes.writeInt32BE(bytes.length - 4, 0)
  return new Promise((resolve, reject) => {
    const frames = new FrameReader()
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(bytes))
    socket.on('data', (chunk) => {
      frames.push(chunk)
      const frame = frames.next()
      if (frame === null) return
      resolve(api.responseCodec(version).read(new Reader(frame, flexible ? 5 : 4)))
      socket.destroy()
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('The connection was closed without an answer')))
  })
}
