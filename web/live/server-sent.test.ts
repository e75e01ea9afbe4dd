import { expect, it } from 'vitest'
import { readServerSent } from './server-sent.ts'

function streamOf(chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })
}

async function read(chunks: Uint8Array[]) {
  const data: string[] = []
  let bytes = 0
  await readServerSent(
    streamOf(chunks),
    () => bytes++,
    (each) => data.push(each),
  )
  return { data, bytes }
}

const encode = (text: string) => new TextEncoder().encode(text)

it('reads the same events however the network cuts the bytes, inside a character too', async () => {
  const whole = encode('retry: 1000\nid: 1\ndata: {"a":"é"}\n\n: ping\n\nid: 2\r\ndata: one\r\ndata: two\r\n\r\n')
  const expected = ['{"a":"é"}', 'one\ntwo']
  expect((await read([whole])).data).toEqual(expected)
  expect((await read([...whole].map((byte) => Uint8Array.of(byte)))).data).toEqual(expected)
})

it('tells of a ping as a sign of life, and not as data', async () => {
  expect(await read([encode(': ping\n\n')])).toEqual({ data: [], bytes: 1 })
})

it('drops an event that the end of the stream cut off', async () => {
  expect((await read([encode('data: whole\n\ndata: cut')])).data).toEqual(['whole'])
})

it('gives up a stream whose event never ends, rather than the memory of the page', async () => {
  const chunk = encode(`data: ${'x'.repeat(1_000_000)}`)
  await expect(read(Array.from({ length: 9 }, () => chunk))).rejects.toThrow(RangeError)
})
