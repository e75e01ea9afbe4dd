// Takes a member out of its consumer group on behalf of a process that died and could not.
//
// kafkajs leaves only for a consumer that it runs itself, so the two requests are spoken here, in their first versions,
// which every Kafka so far answers: https://kafka.apache.org/protocol#The_Messages_LeaveGroup
import { connect, type Socket } from 'node:net'

const findCoordinatorKey = 10
const leaveGroupKey = 13
const answerMsMax = 2_000
/** An answer to either is a few dozen bytes. */
const answerBytesMax = 64 * 1024

/**
 * Asks the group's coordinator, found through any of `brokers` (`host:port`), to forget the member at once rather than
 * after its session time-out. A member or group that is not known any more is fine.
 *
 * @throws Error when no coordinator answers within 2 s
 */
export async function leaveGroup(brokers: readonly string[], groupId: string, memberId: string): Promise<void> {
  const found = await Promise.any(brokers.map((broker) => ask(broker, findCoordinatorKey, text(groupId))))
  // Error code, node id, host, port.
  const error = found.readInt16BE(0)
  if (error !== 0) throw new Error(`Kafka names no coordinator for ${groupId}: error ${error}`)
  const hostLength = found.readInt16BE(6)
  const host = found.toString('utf8', 8, 8 + hostLength)
  await ask(
    `${host}:${found.readInt32BE(8 + hostLength)}`,
    leaveGroupKey,
    Buffer.concat([text(groupId), text(memberId)]),
  )
}

/** Without waiting: what cannot be told to Kafka, Kafka finds out by the session time-out. */
export function leaveForDead(brokers: readonly string[], groupId: string, memberIds: readonly string[]): void {
  for (const memberId of memberIds) leaveGroup(brokers, groupId, memberId).catch(() => {})
}

/** One request on a connection of its own; resolves to the body of its answer. */
function ask(broker: string, apiKey: number, body: Buffer): Promise<Buffer> {
  const colon = broker.lastIndexOf(':')
  const host = broker.slice(0, colon).replace(/^\[|\]$/g, '')
  const socket = connect({ host, port: Number(broker.slice(colon + 1)), timeout: answerMsMax })
  const header = Buffer.alloc(8)
  header.writeInt16BE(apiKey, 0)
  const request = Buffer.concat([header, text('freshet-leave'), body])
  const size = Buffer.alloc(4)
  size.writeInt32BE(request.length)
  socket.write(Buffer.concat([size, request]))
  return answerOf(socket, broker).finally(() => socket.destroy())
}

async function answerOf(socket: Socket, broker: string): Promise<Buffer> {
  socket.on('timeout', () => socket.destroy(new Error(`${broker} does not answer`)))
  let received = Buffer.alloc(0)
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk as Buffer])
    if (received.length > answerBytesMax) break
    // Its length, then the number of the request.
    if (received.length >= 8 && received.length >= 4 + received.readInt32BE(0)) return received.subarray(8)
  }
  throw new Error(`${broker} gave no answer that could be read`)
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(2)
  length.writeInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}
