// The installed Postgres, configured by variables as its image is.
import { execFileSync, spawn } from 'node:child_process'
import { chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { findPrograms, serverUser } from '../postgres/server.ts'
import { type Service, serviceOf, succeeds } from './stack.ts'

/** https://hub.docker.com/_/postgres */
export async function startPostgres(
  environment: Record<string, string>,
  port: number,
  folder: string,
): Promise<Service> {
  const programs = findPrograms()
  const user = serverUser()
  const home = join(folder, 'postgres')
  mkdirSync(home)
  if (user) chownSync(home, user.uid, user.gid)
  const { POSTGRES_USER = '', POSTGRES_DB = '', POSTGRES_PASSWORD_FILE = '', POSTGRES_INITDB_ARGS = '' } = environment
  const data = join(home, 'data')
  const asServer = { ...user, cwd: home, env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' } }
  const given = [
    `--username=${POSTGRES_USER}`,
    `--pwfile=${POSTGRES_PASSWORD_FILE}`,
    ...POSTGRES_INITDB_ARGS.split(' '),
  ]
  execFileSync(join(programs, 'initdb'), ['-D', data, '--no-sync', ...given], { ...asServer, stdio: 'pipe' })
  // The image makes the database before the server listens to others.
  const make = ['--single', '-D', data, 'postgres']
  execFileSync(join(programs, 'postgres'), make, {
    ...asServer,
    input: `CREATE DATABASE ${POSTGRES_DB};\n`,
    stdio: 'pipe',
  })
  const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: home, fsync: 'off' }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return serviceOf('postgres', spawn(join(programs, 'postgres'), ['-D', data, ...options], asServer))
}

export function postgresHealthy(program: string, args: string[]): Promise<boolean> {
  return succeeds(join(findPrograms(), program), args)
}
