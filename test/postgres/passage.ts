// A way to the server that can be held: connections stay open, new ones are taken, and nothing passes.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Passage {
  port: number
  hold(): void
  /** What was held is broken off, as by a router that has forgotten it; new connections pass. */
  letGo(): void
  close(): void
}

export async function startPassage({ hostname, port }: { hostname: string; port: number }): Promise<Passage> {
  const sockets = new Set<Socket>()
  let isHeld = false
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  }
  const server = createServer((incoming) => {
    keep(incoming)
    if (isHeld) return
    const outgoing = connect(port, hostname)
    keep(outgoing)
    incoming.pipe(outgoing)
    outgoing.pipe(incoming)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const breakOff = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    hold() {
      isHeld = true
      for (const socket of sockets) {
        socket.unpipe()
        socket.pause()
      }
    },
    letGo() {
      isHeld = false
      breakOff()
    },
    close() {
      breakOff()
      server.close()
    },
  }
}
