// Follows the Dockerfile's own instructions in an empty folder, as an engine would in an empty image.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { root } from '../../local/runtime/bundle-entry.mjs'

export interface Image {
  /** What stands for `/app`. */
  directory: string
  /** Its ENV. */
  environment: Record<string, string>
  entrypoint: string[]
}

interface Instruction {
  name: string
  text: string
}

export const dockerfile = () => readFileSync(join(root, 'infra/docker/Dockerfile'), 'utf8')

/** By stage: each begins with FROM. */
export function stagesOf(text: string): Instruction[][] {
  const stages: Instruction[][] = []
  for (const line of text.split('\n')) {
    const [, name, rest] = /^([A-Z]+) (.+)$/.exec(line) ?? []
    if (!name || !rest) continue
    if (name === 'FROM') stages.push([])
    stages.at(-1)?.push({ name, text: rest })
  }
  return stages
}

/** What the context leaves out; the Dockerfile's own ignore file says it to an engine. */
const isLeftOut = (path: string) => /(^|\/)(node_modules|dist)(\/|$)|\.test\.ts$/.test(path)

/** Builds it in `directory`; takes the time of `npm ci`. Folders outside of /app are the last stage's own and not made. */
export function buildImage(directory: string): Image {
  const [build = [], run = []] = stagesOf(dockerfile())
  mkdirSync(directory)
  for (const { name, text } of build) {
    if (name === 'COPY') copy(text.split(' '), directory)
    else if (name === 'RUN')
      execFileSync('sh', ['-c', text], { cwd: directory, env: buildEnvironment(), stdio: 'pipe' })
  }
  const environment = run.filter(({ name }) => name === 'ENV').flatMap(({ text }) => text.split(' '))
  const entrypoint = run.find(({ name }) => name === 'ENTRYPOINT')
  return {
    directory,
    environment: Object.fromEntries(environment.map((pair) => pair.split('=') as [string, string])),
    entrypoint: JSON.parse(entrypoint?.text ?? '[]'),
  }
}

function copy(names: string[], directory: string): void {
  const target = names.pop() ?? '.'
  for (const name of names) {
    const to = target.endsWith('/') ? join(directory, target, name) : join(directory, target)
    cpSync(join(root, name), to, { recursive: true, filter: (from) => !isLeftOut(relative(root, from)) })
  }
}

/** Of this machine, what reaches the registry, and nothing else. */
function buildEnvironment(): Record<string, string> {
  const known = Object.entries(process.env).filter(([name]) =>
    /^(PATH|HOME|npm_config_(registry|cache)|NPM_CONFIG_.*)$/.test(name),
  )
  return Object.fromEntries(known) as Record<string, string>
}

export function removeImage({ directory }: Image): void {
  rmSync(directory, { recursive: true, force: true })
}
