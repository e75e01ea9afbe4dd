// The versions of Node that Lambda runs, as npm's package `node` brings them.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** The supported ones of https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html; functions here ask for the last. */
export const versions = ['22', '24'] as const

const fetchMsMax = 240_000

/** The program's path; npm fetches it once and keeps it. */
export async function nodeProgram(version: string): Promise<string> {
  const args = ['exec', '--yes', `--package=node@${version}`, '--', 'node', '-p', 'process.execPath']
  const { stdout } = await promisify(execFile)('npm', args, { timeout: fetchMsMax })
  return stdout.trim()
}
