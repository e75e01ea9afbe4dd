// The house's directions: which room may import from which. docs/architecture.md says why.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')

interface Rule {
  /** Files this rule is about, as a path's beginning. */
  in: string
  /** Imports that are allowed: the beginning of a project path, or a package's name. Node's own modules always are. */
  may: string[]
  why: string
}

// The first rule that fits a file counts.
const rules: Rule[] = [
  {
    in: 'functions/events/',
    may: ['functions/events/', 'functions/random.ts', 'zod'],
    why: 'what events of any business have in common is pure',
  },
  {
    in: 'functions/retail/',
    may: ['functions/retail/', 'functions/events/', 'functions/random.ts', 'zod'],
    why: 'the business is pure and can be replaced',
  },
  { in: 'functions/status/', may: ['functions/status/'], why: 'the page runs it too' },
  {
    in: 'functions/store/',
    may: [
      'functions/store/',
      'functions/events/',
      'functions/retail/abandonment/',
      'functions/errors.ts',
      'better-sqlite3',
      'pg',
    ],
    why: 'a store knows events, not who asks',
  },
  {
    in: 'functions/',
    may: ['functions/', '*'],
    why: 'functions ship to the cloud and know nothing of infra, local or web',
  },
  { in: 'infra/', may: ['infra/', 'yaml'], why: 'the description is plain data and names handlers as strings' },
  {
    in: 'local/broker/',
    may: ['local/broker/', 'local/data-directory.ts', 'local/garbage.ts', 'functions/errors.ts', '*'],
    why: 'broker and mapping meet over the Kafka protocol only',
  },
  {
    in: 'local/event-source-mapping/',
    may: ['local/event-source-mapping/', 'functions/kafka/', 'functions/lambda/', 'functions/errors.ts', '*'],
    why: 'the mapping runs on any Kafka',
  },
  {
    in: 'local/',
    may: ['local/', 'functions/', 'infra/pipeline.ts', 'infra/environment.ts', '*'],
    why: 'the local cloud interprets the one description',
  },
  {
    in: 'web/',
    may: ['web/', 'functions/status/', 'functions/api/schemas', '*'],
    why: 'the page knows the API and the verdict, nothing else',
  },
]

/** Tests may reach for the real parts they need. */
const isTest = (file: string) => /\.(test|contract)\.ts$|\/fixtures\/|\/testing\//.test(file)

const sources = ['functions', 'infra', 'local', 'web'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file}`)
    .filter((file) => /\.(ts|mts|mjs|svelte)$/.test(file) && !/node_modules|\/dist\//.test(file) && !isTest(file)),
)

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s[^'";]*?from\s*'([^']+)'|import\(\s*'([^']+)'|(?:^|\n)import\s*'([^']+)'/g,
  )
  return [...found].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}

function complaintsAbout(file: string): string[] {
  const rule = rules.find((candidate) => file.startsWith(candidate.in))
  if (!rule) return []
  return importsOf(file).flatMap((specifier) => {
    if (specifier.startsWith('node:')) return []
    const relative = specifier.startsWith('.')
    const target = relative ? normalize(join(dirname(file), specifier)) : specifier
    const allowed = rule.may.some((prefix) =>
      prefix === '*'
        ? !relative
        : relative
          ? target.startsWith(prefix)
          : target === prefix || target.startsWith(`${prefix}/`),
    )
    return allowed ? [] : [`${file} imports ${target}, but ${rule.why}`]
  })
}

it('imports point in the allowed directions', () => {
  expect(sources.length).toBeGreaterThan(50)
  expect(sources.flatMap(complaintsAbout)).toEqual([])
})

it('web takes only types from the API', () => {
  const valueImports = sources
    .filter((file) => file.startsWith('web/'))
    .filter((file) => /import (?!type)[^'"]*from '[^']*functions\/api/.test(readFileSync(join(root, file), 'utf8')))
  expect(valueImports).toEqual([])
})

it('only edges read the environment', () => {
  // The runtime reads what Node itself needs of it, to hand it on to execution environments.
  const edges =
    /\/handler\.ts$|^functions\/kafka\/bootstrap\.ts$|^local\/(run\.mjs|(.*\/)?main\.ts)$|^local\/runtime\/|^web\/vite\.config\.ts$/
  const readers = sources.filter((file) => /process\.env/.test(readFileSync(join(root, file), 'utf8')))
  expect(readers.filter((file) => !edges.test(file))).toEqual([])
})
