// What a deploy runs before anything else is new: the store's schema, and the topics.
import { z } from 'zod'
import { withSecrets } from '../aws/secrets.ts'
import { readEnvironment } from '../environment.ts'
import { kafkaConfig } from '../kafka/bootstrap.ts'
import { openStore } from '../store/open.ts'
import { type MadeTopics, makeTopics, topicDescriptions } from './topics.ts'

const variables = z.object({ STORE_URL: z.string().min(1), TOPICS: topicDescriptions })

/** Safe to run again, and by several at once. A failure fails the deploy, which then leaves the functions as they are. */
export async function handler(): Promise<MadeTopics> {
  const { STORE_URL, TOPICS } = readEnvironment(variables, await withSecrets(process.env))
  const made = await makeTopics(await kafkaConfig(), TOPICS)
  // Opening a store brings its schema up to date.
  await (await openStore(STORE_URL)).close()
  return made
}
