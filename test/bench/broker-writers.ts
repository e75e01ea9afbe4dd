// What 1, 10 and 50 writers get out of the embedded broker, each of whom waits for one acknowledgement at a time: with
// the acknowledgement after the write, and, with --fsync, after the disk has it.
//
// `node local/run.mjs test/bench/broker-writers.ts [SECONDS]` needs Linux.
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { produce } from '../../local/broker/api/produce.ts'
import { FrameReader } from '../../local/broker/protocol/frame.ts'
import { Writer } from '../../local/broker/protocol/writer.ts'
import { endProcess, startBrokerProcess } from '../../local/broker/testing/broker-process.ts'
import { buildBatch } from '../../local/broker/testing/build-batch.ts'
import { makeTopic } from './broker-load.ts'
import { usage } from './usage.ts'

const measuredMs = Number(process.argv[2] ?? 3) * 1_000
const warmUpMs = 300
const topic = 'written'
const version = 8

/** One record of 200 bytes for partition 0, acks=all. */
function requestBytes(): Buffer {
  const records = buildBatch({ records: [{ value: 'x'.repeat(200), timestamp: Date.now() }] })
  const topics = [{ name: topic, partitions: [{ index: 0, records }] }]
  const writer = new Writer()
  writer.int32(0)
  writer.int16(produce.key)
  writer.int16(version)
  writer.int32(1)
  writer.string('writer', false)
  produce.requestCodec(version).write(writer, { transactionalId: null, acks: -1, timeoutMs: 1_000, topics })
  const bytes = Buffer.from(writer.toBuffer())
  bytes.writeInt32BE(bytes.length - 4)
  return bytes
}

/** Sends the request, waits for its answer, and sends it again, until `untilMs`; returns how long each took, in ms. */
async function write(port: number, request: Buffer, untilMs: number): Promise<number[]> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  const taken: number[] = []
  while (performance.now() < untilMs) {
    const startMs = performance.now()
    socket.write(request)
    await answerOn(socket)
    taken.push(performance.now() - startMs)
  }
  socket.destroy()
  return taken
}

/** Waits for an answer; throws when it is an error. */
function answerOn(socket: Socket): Promise<void> {
  const frames = new FrameReader()
  return new Promise((resolve, reject) => {
    const receive = (chunk: Buffer) => {
      frames.push(chunk)
      const frame = frames.next()
      if (frame === null) return
      socket.off('data', receive)
      // Correlation id, one topic with its name, one partition with its index, and then the error code.
      const code = frame.readInt16BE(4 + 4 + 2 + topic.length + 4 + 4)
      if (code === 0) resolve()
      else reject(new Error(`the broker answered with error ${code}`))
    }
    socket.on('data', receive)
  })
}

console.log('| writers | acknowledged after | requests/s | p50, ms | p99, ms | broker CPU, µs per request |')
console.log('|---|---|---|---|---|---|')
for (const fsync of [false, true]) {
  for (const writers of [1, 10, 50]) {
    const dataDir = mkdtempSync(join(tmpdir(), 'freshet-bench-'))
    const { child, port, bootstrap } = await startBrokerProcess(dataDir, 0, fsync ? ['--fsync'] : [])
    const request = requestBytes()
    await makeTopic(bootstrap, topic)
    await write(port, request, performance.now() + warmUpMs)
    const cpuBeforeMs = usage(child).cpuMs
    const untilMs = performance.now() + measuredMs
    const each = await Promise.all(Array.from({ length: writers }, () => write(port, request, untilMs)))
    const taken = each.flat().sort((a, b) => a - b)
    const cpuUs = ((usage(child).cpuMs - cpuBeforeMs) * 1_000) / taken.length
    await endProcess(child, 'SIGTERM')
    rmSync(dataDir, { recursive: true })
    const at = (share: number) => (taken[Math.floor(taken.length * share)] as number).toFixed(2)
    const perSecond = Math.round((taken.length * 1_000) / measuredMs).toLocaleString('en')
    const when = fsync ? 'the disk' : 'the write'
    console.log(`| ${writers} | ${when} | ${perSecond} | ${at(0.5)} | ${at(0.99)} | ${cpuUs.toFixed(1)} |`)
  }
}
