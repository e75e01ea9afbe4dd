// What docker-compose.yml says, and what it makes of the description.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { root } from '../../local/runtime/bundle-entry.mjs'
import { type Deployed, withoutGroup } from './deployed.ts'

export interface ComposeService {
  image: string
  build?: { context: string; dockerfile: string }
  command?: string[]
  environment?: Record<string, string>
  ports?: string[]
  volumes?: string[]
  networks?: string[]
  depends_on?: Record<string, { condition: string }>
  healthcheck?: { test: string[] }
  user?: string
  read_only?: boolean
  cap_drop?: string[]
  security_opt?: string[]
  network_mode?: string
  stop_grace_period?: string
  deploy: { resources: { limits: { memory: string; cpus: string } } }
}

export interface ComposeFile {
  services: Record<string, ComposeService>
  networks: Record<string, { internal?: boolean }>
  volumes: Record<string, object>
}

export const composeText = () => readFileSync(join(root, 'docker-compose.yml'), 'utf8')

/** As Compose reads it: by YAML 1.1. */
export const readCompose = (): ComposeFile => parse(composeText(), { version: '1.1' })

const stages = ['KAFKA_BOOTSTRAP_SERVERS', 'STORE_URL', 'PGPASSFILE']

/** By group, the mapping that reads as it; what runs on schedules; and the variables that all of them share. */
export function deployedByCompose({ services }: ComposeFile): Pick<Deployed, 'topics' | 'variables'> & Commands {
  const ours = Object.values(services).filter(({ environment, build }) => environment && build)
  const variables = ours.map(({ environment = {} }) => withoutGroup(environment))
  const shared = Object.entries(variables[0] ?? {}).filter(([name, value]) =>
    variables.every((one) => one[name] === value),
  )
  return {
    topics: JSON.parse(variables[0]?.TOPICS ?? '[]'),
    variables: Object.fromEntries(shared.filter(([name]) => !stages.includes(name))),
    ...commandsOf(
      ours.map(({ command = [], environment = {} }) => ({ command, group: environment.CONSUMER_GROUP_ID })),
    ),
  }
}

export interface Commands {
  /** Groups by the names of the mappings that are run. */
  groups: Record<string, string | undefined>
  /** Functions that are run on their schedules. */
  scheduled: string[]
  /** Functions that are run once. */
  once: string[]
}

/** What the containers of any target run, by their commands. */
export function commandsOf(containers: { command: string[]; group: string | undefined }[]): Commands {
  const commands: Commands = { groups: {}, scheduled: [], once: [] }
  for (const { command, group } of containers) {
    const [file, ...args] = command
    const names = args.slice(
      0,
      args.findIndex((arg) => arg.startsWith('--')),
    )
    if (file === 'local/mapping/main.ts') commands.groups[args[args.indexOf('--pipeline') + 1] ?? ''] = group
    else if (args[0] === '--once') commands.once.push(...args.slice(1))
    else if (file === 'local/schedule/main.ts') commands.scheduled.push(...names)
  }
  commands.scheduled.sort()
  return commands
}
