// The first run of containers: makes the secrets that no file may hold, once, and prints the way in, once.
//
//   node local/run.mjs local/first-run/main.ts --own DIR --database DIR --link http://localhost:4000
import { randomBytes } from 'node:crypto'
import { Command } from 'commander'
import { runCommand } from '../command.ts'
import { makeSecrets } from './secrets.ts'

const command = new Command('first-run')
  .requiredOption('--own <dir>', "for Freshet's own processes")
  .requiredOption('--database <dir>', 'for the database server')
  .requiredOption('--link <url>', 'where the dashboard will be')
  .requiredOption('--user <name>', "the store's user")
  .parse()

await runCommand(async (say) => {
  const { own, database, link, user } = command.opts<{ own: string; database: string; link: string; user: string }>()
  const made = makeSecrets({ own, database, user }, () => randomBytes(24).toString('base64url'))
  say(
    made
      ? `open ${link}/?token=${made.token}`
      : 'the secrets are there already; the link was printed when they were made',
  )
})
