// Recorded requests, damaged at random, against a running broker: it answers or hangs up, and goes on.
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { seededRandom } from '../../../functions/random.ts'
import { apiVersions } from '../api/api-versions.ts'
import { ask } from '../testing/ask.ts'
import { temporaryBroker } from '../testing/temporary.ts'

const frames = Number(process.env.FRAMES ?? 800)
const seed = process.env.SEED ?? String(Date.now() % 1_000_000)
const atATime = 20

const fixtures = join(import.meta.dirname, 'fixtures')
const requests = readdirSync(fixtures)
  .flatMap((file) => readFileSync(join(fixtures, file), 'utf8').trim().split('\n'))
  .map((line) => Buffer.from(JSON.parse(line).request, 'hex'))

it(`survives ${frames} damaged requests, seed ${seed}`, async () => {
  const random = seededRandom(seed)
  const broker = await temporaryBroker()
  for (let sent = 0; sent < frames; sent += atATime) {
    await Promise.all(Array.from({ length: atATime }, () => give(broker.port, damaged(random))))
  }
  const answer = await ask(broker.port, apiVersions, 2, { clientSoftwareName: '', clientSoftwareVersion: '' })
  expect(answer.errorCode).toBe(0)
})

/** One of the requests with a few bytes changed, or cut short, or with a length that is not its own. */
function damaged(random: () => number): Buffer {
  const below = (limit: number) => Math.floor(random() * limit)
  const request = Buffer.from(requests[below(requests.length)] as Buffer)
  for (let changes = 1 + below(3); changes > 0; changes--) {
    // What follows the header is worth more damage than the API's key, which would mostly be an unknown one.
    request[below(10) === 0 ? below(request.length) : Math.min(8 + below(request.length), request.length - 1)] =
      below(256)
  }
  const cut = below(4) === 0 ? request.subarray(0, below(request.length)) : request
  const length = Buffer.alloc(4)
  length.writeInt32BE(below(10) === 0 ? below(2 ** 32) - 2 ** 31 : cut.length)
  return Buffer.concat([length, cut])
}

/** Sends the bytes and waits for an answer, the end, or nothing for a moment: a request may rightly wait for others. */
function give(port: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.setTimeout(20, () => socket.destroy())
    socket.on('data', () => socket.destroy())
    socket.on('error', () => {})
    socket.on('close', () => resolve())
  })
}
