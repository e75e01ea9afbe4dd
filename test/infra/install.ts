// Unpacks SST's own source and types before the tests, from npm's registry alone, when they are not there yet.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../local/runtime/bundle-entry.mjs'

/** The CLI downloads neither Pulumi nor Bun then, tells nobody, and asks no AWS account. */
const quiet = {
  SST_SKIP_DEPENDENCY_CHECK: '1',
  SST_NO_BUN: '1',
  SST_TELEMETRY_DISABLED: '1',
  AWS_EC2_METADATA_DISABLED: 'true',
  XDG_CONFIG_HOME: join(root, '.sst/home'),
}
const installMsMax = 600_000

export function setup(): void {
  // SST's version, and the providers' in the config, decide what is unpacked.
  const files = ['node_modules/sst/package.json', 'sst.config.ts'].map((file) => readFileSync(join(root, file)))
  const key = createHash('sha256').update(Buffer.concat(files)).digest('hex')
  const stamp = join(root, '.sst/installed')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === key) return
  const options = { cwd: root, env: { ...process.env, ...quiet }, stdio: 'pipe' as const, timeout: installMsMax }
  execFileSync('npx', ['sst', 'install', '--stage', 'test'], options)
  writeFileSync(stamp, key)
}
