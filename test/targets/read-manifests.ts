// What `kubectl kustomize` would see of the base, and what it makes of the description.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { root } from '../../local/runtime/bundle-entry.mjs'
import type { Deployed } from './deployed.ts'
import { type Commands, commandsOf } from './read-compose.ts'

export interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string; labels?: Record<string, string> }
  // biome-ignore lint/suspicious/noExplicitAny: each kind has its own.
  spec?: any
  data?: Record<string, string>
}

/** The objects that a kustomization names. */
export function readManifests(folder: string): Manifest[] {
  const path = join(root, 'infra/kubernetes', folder)
  const { resources } = parse(readFileSync(join(path, 'kustomization.yaml'), 'utf8')) as { resources: string[] }
  return resources.flatMap((file) =>
    parseAllDocuments(readFileSync(join(path, file), 'utf8')).map((document) => document.toJS() as Manifest),
  )
}

export const ofKind = (manifests: Manifest[], kind: string) => manifests.filter((one) => one.kind === kind)

export function deployedByManifests(manifests: Manifest[]): Pick<Deployed, 'topics' | 'variables'> & Commands {
  const [configuration] = ofKind(manifests, 'ConfigMap')
  const containers = manifests.flatMap((one) => one.spec?.template?.spec.containers ?? [])
  const commands = containers.map((container: { args: string[]; env: { name: string; value?: string }[] }) => ({
    command: container.args,
    group: container.env.find(({ name }) => name === 'CONSUMER_GROUP_ID')?.value,
  }))
  const variables = configuration?.data ?? {}
  return { topics: JSON.parse(variables.TOPICS ?? '[]'), variables, ...commandsOf(commands) }
}
