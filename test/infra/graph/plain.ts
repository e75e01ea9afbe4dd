// Plain JSON of what a resource is given: secrets unwrapped, files as their paths.
import type { Pulumi } from './platform.ts'

/** How Pulumi marks a secret on the wire. https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/runtime/rpc.ts */
const signatureKey = '4dabf18193072939515e22adb298388d'
const secretSignature = '1b47061264138c4ac30d75fd1eb44270'

export function plainOf({ asset }: Pulumi): (value: unknown) => unknown {
  return function plain(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(plain)
    if (value === null || typeof value !== 'object') return value
    if (asset.Asset.isInstance(value) || asset.Archive.isInstance(value)) {
      const { path, uri } = value as { path?: unknown; uri?: unknown }
      return { asset: path ?? uri ?? 'inline' }
    }
    const fields = value as Record<string, unknown>
    if (fields[signatureKey] === secretSignature) return plain(fields.value)
    return Object.fromEntries(Object.entries(fields).map(([key, inner]) => [key, plain(inner)]))
  }
}
