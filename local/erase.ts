// `npm run erase`: erases one user's events and dead letters from a store, beside a running stack or without one.
import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { openStore } from '../functions/store/open.ts'
import { runCommand } from './command.ts'

await runCommand(async (say) => {
  const { user, data, store: url } = readOptions(process.argv.slice(2))
  // Any number of processes may write to a store, so a running stack goes on meanwhile.
  const store = await openStore(url ?? `sqlite:${resolve(data)}/freshet.db`)
  try {
    const { events, deadLetters, id } = await store.eraseUser({
      userId: user,
      by: `${userInfo().username}, npm run erase`,
    })
    say(`user ${user}: ${events} events and ${deadLetters} dead letters erased (number ${id} in the trail)`)
    say('Sums stay, for they name nobody. The records stay in Kafka until its retention, and are not stored again.')
  } finally {
    await store.close()
  }
})

function readOptions(args: string[]): { user: number; data: string; store?: string } {
  return new Command('npm run erase --')
    .description('Erases one user from events and dead letters, in every group. It cannot be undone.')
    .requiredOption('--user <id>', 'the user_id', userId)
    .option('--data <dir>', 'the folder of the local stack, running or not', '.freshet')
    .option('--store <url>', 'the store (default: SQLite in the data directory)')
    .allowExcessArguments(false)
    .parse(args, { from: 'user' })
    .opts()
}

function userId(text: string): number {
  if (/^-?\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Expected an integer.')
}
