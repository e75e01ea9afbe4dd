// `npm run replay`: a group reads its records again, on a running stack, on a stopped one, or on a Kafka elsewhere.
import { userInfo } from 'node:os'
import { Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import { z } from 'zod'
import type { Abandonment } from '../functions/api/schemas/abandonment.ts'
import type { Health } from '../functions/api/schemas.ts'
import { readEnvironment } from '../functions/environment.ts'
import { PipelineError } from '../functions/errors.ts'
import { openOffsets, type PartitionOffsets } from '../functions/kafka/offsets.ts'
import {
  type AbandonmentRules,
  abandonmentRulesOf,
  abandonmentVariables,
} from '../functions/retail/abandonment/rules.ts'
import { openStore } from '../functions/store/open.ts'
import { pipelineEnvironment } from '../infra/environment.ts'
import { type Addresses, askStack, findStack, isRunning } from './addresses.ts'
import { runCommand } from './command.ts'
import { describeAccount, describeAmount, describePlan } from './replay/describe.ts'
import { describeCarts } from './replay/describe-carts.ts'
import type { From } from './replay/from.ts'
import { type ReplayOptions, readReplayOptions } from './replay/options.ts'
import { type PartitionPlan, planReplay, recordsAgain, recordsRead } from './replay/plan.ts'
import { describeRebuild, rebuildFigures } from './replay/rebuild.ts'
import { rebuildCarts } from './replay/rebuild-carts.ts'
import { resetOffsets } from './replay/reset.ts'
import { startStack } from './stack.ts'
import { progressOn } from './terminal/progress.ts'

const lookAgainMs = 200

await runCommand(async (say) => {
  const { from, ...asked } = readReplayOptions(process.argv.slice(2))
  if (from === null) return rebuildOn(asked, say)
  const options = { ...asked, from }
  if (options.brokers !== undefined) return replayElsewhere({ ...options, brokers: options.brokers }, say)
  await onStack(options, say, (stack) => replayOn(stack, options, say))
})

type Say = (line: string) => void
/** A replay, whose place is known, and a rebuild, which has none. */
type Asked = Omit<ReplayOptions, 'from'>
type Replay = Asked & { from: From }

/** On the stack that runs on the folder, or on one that is started without its shop. */
async function onStack(
  { data, store, scenario }: Asked,
  say: Say,
  work: (stack: Addresses) => Promise<void>,
): Promise<void> {
  const found = findStack(data)
  if (isRunning(found)) return work(found)
  say(`no stack runs on ${data}: it is started without its shop for as long as this takes`)
  const stack = await startStack(
    { port: 0, kafkaPort: 0, data, store, rate: 0, producer: false, json: false, ...(scenario && { scenario }) },
    () => {},
  )
  try {
    await work(stack)
  } finally {
    await stack.stop()
    found.release()
  }
}

/** Any number of processes may write to a store, so the stack goes on meanwhile. */
async function rebuildOn(asked: Asked, say: Say): Promise<void> {
  const { group, topic, brokers } = asked
  const rebuild = async (kafka: string, stack: Addresses | null) => {
    const store = await openStore(asked.store)
    const progress = progressOn(process.stdout, () => performance.now())
    const by = `${userInfo().username}, npm run replay`
    const parts = { kafka: configOf(kafka), store, group, topic, by, progress, now: Date.now }
    try {
      if (group === pipelineEnvironment().ABANDONMENT_GROUP_ID) {
        say(`carts and incidents of ${group} are made anew from ${topic}`)
        const rules = await abandonmentRules(stack)
        for (const line of describeCarts(await rebuildCarts({ ...parts, rules }))) say(line)
      } else {
        say(`figures of ${group} are made anew from ${topic}`)
        for (const line of describeRebuild(await rebuildFigures(parts))) say(line)
      }
    } finally {
      await store.close()
    }
  }
  if (brokers !== undefined) await rebuild(brokers, null)
  else await onStack(asked, say, (stack) => rebuild(stack.kafka, stack))
}

/** Those by which the running stack goes, for a story has its own. */
async function abandonmentRules(stack: Addresses | null): Promise<AbandonmentRules> {
  if (!stack) return abandonmentRulesOf(readEnvironment(z.object(abandonmentVariables), pipelineEnvironment()))
  const answer = await askStack(stack, '/api/abandonment')
  if (!answer.ok) throw await problemOf(answer)
  const { abandonMs, latenessMs, windowMs } = ((await answer.json()) as Abandonment).rules
  return abandonmentRulesOf({
    ABANDON_AFTER_MS: abandonMs,
    ABANDON_LATENESS_MS: latenessMs,
    ABANDON_WINDOW_MS: windowMs,
  })
}

/** The group has no members here, so nothing is read before somebody starts its consumers. */
async function replayElsewhere(options: Replay & { brokers: string }, say: Say): Promise<void> {
  const config = configOf(options.brokers)
  const plans = await makePlan(config, options, say)
  if (plans.length === 0) return
  await resetOffsets(config, { ...options, offsets: offsetsOf(plans) })
  say(`${options.group} was set back; its consumers read them when they start`)
}

/** The stack's mapping steps aside while the offsets move; then it is watched until it is where it was. */
async function replayOn(stack: Addresses, options: Replay, say: Say): Promise<void> {
  const config = configOf(stack.kafka)
  const plans = await makePlan(config, options, say)
  if (plans.length === 0) return
  const before = await readHealth(stack)
  const answer = await askStack(stack, '/api/local/replay', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ group: options.group, offsets: offsetsOf(plans) }),
  })
  if (!answer.ok) throw await problemOf(answer)
  await watch(config, options, plans)
  for (const line of describeAccount(before, await readHealth(stack), options.group)) say(line)
}

/** What is to be done; empty when there is nothing to do, or when it was only to be shown. */
async function makePlan(config: KafkaConfig, options: Replay, say: Say): Promise<PartitionPlan[]> {
  const { from, group, topic, dryRun } = options
  const partitions = await readPositions(config, options)
  const offsetsAt = from.kind === 'time' ? await offsetsAtTime(config, topic, from.ms) : undefined
  const plans = planReplay(from, partitions, offsetsAt)
  say(`${group} on ${topic}`)
  for (const line of describePlan(plans)) say(line)
  say(describeAmount(plans))
  if (dryRun) say('a dry run: nothing was changed')
  return dryRun || recordsAgain(plans) === 0 ? [] : plans
}

function offsetsOf(plans: PartitionPlan[]): { partition: number; offset: number }[] {
  return plans.flatMap(({ partition, target }) => (target === null ? [] : [{ partition, offset: target }]))
}

async function readPositions(config: KafkaConfig, { group, topic }: Asked): Promise<PartitionOffsets[]> {
  const offsets = openOffsets(config)
  try {
    return await offsets.read(group, topic)
  } finally {
    await offsets.close()
  }
}

/** Kafka answers the end of the log where no record is that young. */
async function offsetsAtTime(config: KafkaConfig, topic: string, ms: number): Promise<Map<number, number>> {
  const admin = new Kafka(config).admin()
  await admin.connect()
  try {
    const found = await admin.fetchTopicOffsetsByTimestamp(topic, ms)
    return new Map(found.map(({ partition, offset }) => [partition, Number(offset)]))
  } finally {
    await admin.disconnect()
  }
}

async function watch(config: KafkaConfig, { group, topic }: Asked, plans: PartitionPlan[]): Promise<void> {
  const offsets = openOffsets(config)
  const progress = progressOn(process.stdout, () => performance.now())
  const again = recordsAgain(plans)
  try {
    for (;;) {
      const read = recordsRead(plans, await offsets.read(group, topic))
      const text = `${read.toLocaleString('en')} of ${again.toLocaleString('en')} records read again`
      progress.show({ share: read / again, text })
      if (read >= again) return
      await new Promise((resolve) => setTimeout(resolve, lookAgainMs))
    }
  } finally {
    progress.end()
    await offsets.close()
  }
}

async function readHealth(stack: Addresses): Promise<Health> {
  const answer = await askStack(stack, '/api/health')
  if (!answer.ok) throw await problemOf(answer)
  return (await answer.json()) as Health
}

async function problemOf(answer: Response): Promise<Error> {
  const { code, detail = '' } = (await answer.json().catch(() => ({}))) as { code?: string; detail?: string }
  if (code === 'GROUP_IN_USE') return new PipelineError(code, detail, { hint: '' })
  return new Error(`the stack answered ${answer.status} ${code ?? ''} ${detail}`)
}

function configOf(brokers: string): KafkaConfig {
  return {
    clientId: 'freshet-replay',
    brokers: brokers.split(','),
    connectionTimeout: 3_000,
    logLevel: logLevel.NOTHING,
    retry: { retries: 4, initialRetryTime: 100 },
  }
}
