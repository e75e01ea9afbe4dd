// Asks whether a Kafka answers at an address: tells one from any other program that holds its port.
import { connect } from 'node:net'

/** ApiVersions in version 0, correlation id 7, no client id: the one request that every Kafka answers. */
const request = Buffer.from('0000000a' + '0012' + '0000' + '00000007' + 'ffff', 'hex')

/** Length, correlation id, error code. */
const answerBytes = 10

/** True when an answer of Kafka's protocol comes within `timeoutMs`. Never throws. */
export function answersKafka(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0)
    const socket = connect({ host, port })
    const done = (answer: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(() => done(false), timeoutMs)
    socket.on('connect', () => socket.write(request))
    socket.on('error', () => done(false))
    socket.on('close', () => done(false))
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      if (received.length >= answerBytes) done(received.readInt32BE(4) === 7 && received.readInt16BE(8) === 0)
    })
  })
}
