// Where a running stack is reached: written beside its data, so that commands on the same folder find it on any port.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PipelineError } from '../functions/errors.ts'
import { type HeldDirectory, holdDirectory } from './data-directory.ts'

export interface Addresses {
  /** For instance `http://localhost:4000`. */
  dashboard: string
  /** What the dashboard asks for, if it does. */
  token?: string | undefined
  /** `host:port,...` */
  kafka: string
}

/** The file speaks of the process that wrote it: what an earlier one left behind says nothing. */
type Written = Addresses & { pid: number }

/** Commands of the same user find the token there; nobody else may read it. */
export function writeAddresses(directory: string, { dashboard, token, kafka }: Addresses): void {
  const file = join(directory, 'running.json')
  // A mode is given to a new file only.
  rmSync(file, { force: true })
  writeFileSync(file, JSON.stringify({ pid: process.pid, dashboard, token, kafka } satisfies Written), { mode: 0o600 })
}

/** Asks the stack's API, with its token where it wants one. */
export function askStack({ dashboard, token }: Addresses, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...(init.headers as Record<string, string>), ...(token && { authorization: `Bearer ${token}` }) }
  return fetch(`${dashboard}${path}`, { ...init, headers })
}

/**
 * The addresses of the stack that runs on this folder; or the folder itself, held for the caller, when none does.
 *
 * @throws PipelineError DATA_DIRECTORY_IN_USE when the folder is held by something that is no running stack (yet)
 */
export function findStack(directory: string): Addresses | HeldDirectory {
  try {
    return holdDirectory(directory)
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error
    const addresses = readAddresses(directory)
    if (addresses) return addresses
    throw error
  }
}

export function isRunning(found: Addresses | HeldDirectory): found is Addresses {
  return 'kafka' in found
}

function readAddresses(directory: string): Addresses | null {
  try {
    const holder = Number(readFileSync(join(directory, 'pid'), 'utf8'))
    const { pid, ...addresses } = JSON.parse(readFileSync(join(directory, 'running.json'), 'utf8')) as Written
    return pid === holder ? addresses : null
  } catch {
    return null
  }
}
