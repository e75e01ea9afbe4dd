// Runs other people's programs to their end, and keeps what has to be fetched for them out of the project's own dependencies.
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { root } from '../../local/runtime/bundle-entry.mjs'

export interface Ended {
  code: number | null
  out: string
  err: string
}

interface RunOptions {
  /** What the program reads; nothing unless given. */
  input?: string
  cwd?: string
  env?: Record<string, string>
  /** Ended by SIGTERM after this long. */
  timeoutMs?: number
  /** Said when the program itself is missing. */
  missing?: string
}

/** Runs a program and returns its output, whatever its exit code. Throws when it cannot be started. */
export function run(program: string, args: string[], options: RunOptions = {}): Promise<Ended> {
  const { input = '', cwd = root, env = {}, timeoutMs = 60_000, missing = '' } = options
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, timeout: timeoutMs })
  child.stdin.on('error', () => {
    // The program ended without reading all of its input; its exit code tells why.
  })
  child.stdin.end(input)
  const output = Promise.all([text(child.stdout), text(child.stderr)])
  return new Promise((resolve, reject) => {
    child.on('error', (cause) => reject(new Error(`${program} cannot be started. ${missing}`, { cause })))
    child.on('close', async (code) => {
      const [out, err] = await output
      resolve({ code, out, err })
    })
  })
}

/** Runs a program that has to succeed, and returns what it printed. */
export async function succeed(program: string, args: string[], options: RunOptions = {}): Promise<string> {
  const { code, out, err } = await run(program, args, options)
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}\n${out}${err}`)
  return out
}

/** A directory that outlives the run: jars, builds and packages that only these comparisons need. */
export function cacheDirectory(name: string): string {
  const directory = join(root, 'node_modules/.cache/freshet-fidelity', name)
  mkdirSync(directory, { recursive: true })
  return directory
}

export const lines = (output: string): string[] => output.split('\n').filter((line) => line.trim() !== '')
