// A copy of the project that a page's steps are done in, and what the page says to write.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root } from '../../local/runtime/bundle-entry.mjs'

/** What `npm run local` needs, the built page among it; packages are the project's own. */
const parts = ['functions', 'infra', 'local', 'web', 'package.json', 'tsconfig.json']

export function copyProject(): string {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-docs-'))
  for (const part of parts) cpSync(join(root, part), join(folder, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

/** The page's blocks of TypeScript, in their order. */
export function blocksOf(page: string): string[] {
  const text = readFileSync(join(root, 'docs', page), 'utf8')
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, block]) => block ?? '')
}

export function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

/** Puts a block right behind the only line that reads like this. */
export function insertAfter(folder: string, path: string, line: string, block: string): void {
  const lines = readFileSync(join(folder, path), 'utf8').split('\n')
  const at = lines.indexOf(line)
  if (at < 0 || lines.lastIndexOf(line) !== at) throw new Error(`${path}: expected one line "${line}"`)
  write(folder, path, [...lines.slice(0, at + 1), block.trimEnd(), ...lines.slice(at + 1)].join('\n'))
}

/** Puts a block in the place of text that stands there once. */
export function replace(folder: string, path: string, text: string, block: string): void {
  const parts = readFileSync(join(folder, path), 'utf8').split(text)
  if (parts.length !== 2) throw new Error(`${path}: expected once "${text}"`)
  write(folder, path, parts.join(block))
}

/** Puts a block in the place of everything from the only line that reads like this. */
export function replaceFrom(folder: string, path: string, line: string, block: string): void {
  const text = readFileSync(join(folder, path), 'utf8')
  replace(folder, path, text.slice(text.indexOf(line)), block)
}

/** Writes the files that are made from the description, as `npm run describe` does; answers what one of them holds. */
export function describe(folder: string, file: string): string {
  execFileSync(process.execPath, ['local/run.mjs', 'infra/write.ts'], { cwd: folder })
  return readFileSync(join(folder, file), 'utf8')
}

/** They speak of the shop. */
const tests = ['**/*.test.ts', '**/*.contract.ts', '**/testing/**', '**/testing.ts']

/** @throws Error with the compiler's words when the copy's functions and description do not fit together */
export function typeCheck(folder: string): void {
  const config = {
    extends: './tsconfig.json',
    include: ['functions/**/*.ts', 'infra/*.ts', 'local/**/*.ts'],
    exclude: tests,
  }
  writeFileSync(join(folder, 'tsconfig.docs.json'), JSON.stringify(config))
  try {
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['--noEmit', '-p', 'tsconfig.docs.json'], { cwd: folder })
  } catch (error) {
    throw new Error(String((error as { stdout?: Buffer }).stdout ?? error))
  }
}
