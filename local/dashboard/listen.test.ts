// Who can reach the dashboard's port, and what one client can hold of it.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestApi, type TestApi } from '../../functions/api/testing.ts'
import { type DashboardServer, hostNames, listen } from './listen.ts'

const token = 'correct-horse-battery-staple'
const limits = { connectionsMax: 2, headerBytesMax: 2_000, headersMsMax: 100, requestMsMax: 200, idleMsMax: 5_000 }

let api: TestApi
let server: DashboardServer | undefined
beforeEach(async () => {
  api = await openTestApi({ token })
})
afterEach(async () => {
  await server?.close()
  server = undefined
  await api.store.close()
})

const open = async (more: { address?: string; token?: string | undefined } = {}) => {
  server = await listen(api.app, { address: '127.0.0.1', ports: [0], token, limits, ...more })
  return server
}

async function socketTo({ port }: DashboardServer): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

test('an address that others reach is refused without a token, before anything listens', async () => {
  for (const address of ['0.0.0.0', '::', '192.0.2.1']) {
    await expect(open({ address, token: undefined })).rejects.toMatchObject({ code: 'TOKEN_UNSET' })
  }
})

test('with a token the same address is served, and asks for it', async () => {
  const { port } = await open({ address: '0.0.0.0' })
  const ask = (headers = {}) => fetch(`http://127.0.0.1:${port}/api/summary`, { headers })
  expect([(await ask()).status, (await ask({ authorization: `Bearer ${token}` })).status]).toEqual([401, 200])
})

test('the next port is taken when one is held', async () => {
  const first = await open()
  const second = await listen(api.app, { address: '127.0.0.1', ports: [first.port, 0], token, limits })
  expect(second.port).not.toBe(first.port)
  await second.close()
})

test('headers that are too large, or never end, end the connection', async () => {
  const opened = await open()
  const large = await socketTo(opened)
  large.write(`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(3_000)}\r\n\r\n`)
  expect(await text(large)).toMatch(/^HTTP\/1.1 431 /)
  const slow = await socketTo(opened)
  slow.write('GET / HTTP/1.1\r\nhost: localhost\r\n')
  expect(await text(slow)).toMatch(/^HTTP\/1.1 408 /)
})

test('a body that never ends, ends the connection', async () => {
  const socket = await socketTo(await open())
  const head = [`POST /api/events HTTP/1.1`, 'host: localhost', `authorization: Bearer ${token}`, 'content-length: 9']
  socket.write(`${head.join('\r\n')}\r\n\r\n{`)
  expect(await text(socket)).toMatch(/^(HTTP\/1.1 408 |$)/)
})

test('more connections than are held are closed at once, and room comes back', async () => {
  const opened = await open()
  const held = await Promise.all([socketTo(opened), socketTo(opened)])
  const third = await socketTo(opened)
  third.resume()
  await once(third, 'close')
  held[0]?.destroy()
  for (let served = false; !served; ) {
    const ask = fetch(`http://127.0.0.1:${opened.port}/api/health`).then(
      ({ status }) => status === 200,
      () => false,
    )
    served = await ask
  }
})

test('beyond this machine the machine’s own names are answered too, and those that are named', () => {
  expect(hostNames('127.0.0.1', ['shop.test'])).toEqual(['localhost', 'shop.test'])
  expect(hostNames('shop.example', ['shop.test'])).toEqual([
    'localhost',
    expect.any(String),
    'shop.example',
    'shop.test',
  ])
})
