import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { holdDirectory } from './data-directory.ts'

const fresh = () => mkdtempSync(join(tmpdir(), 'freshet-data-'))

it('refuses a directory that is held, naming the process', () => {
  const directory = fresh()
  const held = holdDirectory(directory)
  expect(() => holdDirectory(directory)).toThrow(
    `DATA_DIRECTORY_IN_USE: ${directory} is held by process ${process.pid}`,
  )
  held.release()
  holdDirectory(directory).release()
})

it('is free again after its holder was killed', async () => {
  const directory = fresh()
  const holder = spawn(process.execPath, ['-e', holdByScript(directory)], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(holder.stdout, 'data')
  expect(() => holdDirectory(directory)).toThrow('DATA_DIRECTORY_IN_USE')
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  holdDirectory(directory).release()
})

const holdByScript = (directory: string) => `
  const database = new (require('better-sqlite3'))(${JSON.stringify(join(directory, 'lock'))})
  database.pragma('locking_mode = EXCLUSIVE')
  database.exec('BEGIN EXCLUSIVE')
  console.log('held')
  setInterval(() => {}, 1000)`
