// What the Compose file says of containers, on one machine: services' names become ports of the loopback interface, and
// folders of containers become folders of the test's own. Everything else stays as it stands there.

export interface Places {
  /** The port here for each `host:port` inside; the host is a service, or empty for the service itself. */
  ports: Map<string, number>
  /** The folder here for each folder inside. */
  folders: Map<string, string>
}

/** Ports are looked up by the service they belong to; `self` is the service whose text it is. */
export function translate(text: string, self: string, { ports, folders }: Places): string {
  const portOf = (service: string, port: string) => {
    const found = ports.get(`${service}:${port}`)
    if (found === undefined) throw new Error(`${self}: port ${port} of ${service} has no place here`)
    return found
  }
  // All in one pass: a folder here may begin as one inside does.
  const inside = new RegExp(`(${[...folders.keys()].join('|')})(?![\\w-])`, 'g')
  return text
    .replace(inside, (found) => folders.get(found) as string)
    .replace(/\b(kafka|postgres):(\d{4,5})\b/g, (_, service, port) => `127.0.0.1:${portOf(service, port)}`)
    .replace(
      /(:\/\/)?(0\.0\.0\.0|localhost|127\.0\.0\.1|(?<=:\/\/)):(4000|8080|9092|29092|29093)\b/g,
      (_, scheme = '', host, port) => {
        const name = host === 'localhost' ? host : '127.0.0.1'
        return `${scheme}${name}:${portOf(port === '4000' ? 'dashboard' : self, port)}`
      },
    )
}
