// Advances redrives: publishes their records at the speed that was asked for, until they are sent or the time is over.
import type { Publish } from '../kafka/publish.ts'
import type { IssuedAttempt, Redrives } from '../store/redrives.ts'
import { attemptHeaders } from './header.ts'

export interface AdvanceParts {
  redrives: Pick<Redrives, 'take' | 'issue' | 'acknowledge' | 'release'>
  publish: Publish
  newToken(): string
  /** Names this invocation among others. */
  holder: string
  /** ms */
  now(): number
  sleep(ms: number): Promise<unknown>
  /** When to stop, ms. */
  endMs: number
}

/** Nobody else advances a redrive for so long after its holder was last heard of: longer than a publish may take. */
const holdMs = 6_000

/** Records are sent in steps of this length, or one at a time where the speed is lower. */
const stepMsMin = 100

/**
 * A record's token is in the store before the record is in the topic, so it cannot come back unknown. Where a publish
 * fails, or this is killed, whoever goes on sends the same tokens again; what arrives twice counts once.
 *
 * @returns how many records were acknowledged
 * @throws PipelineError KAFKA_UNAVAILABLE, KAFKA_REFUSED (it stands in the redrive's trouble as well); STORE_* of the store
 */
export async function advanceRedrives(parts: AdvanceParts): Promise<{ sent: number }> {
  const { redrives, holder } = parts
  let sent = 0
  for (;;) {
    const taken = await redrives.take({ holder, untilMs: parts.now() + holdMs })
    if (!taken) return { sent }
    let trouble: string | null = null
    try {
      const { published, isOver } = await advanceOne(taken, parts)
      sent += published
      if (isOver) return { sent }
    } catch (error) {
      trouble = error instanceof Error ? error.message : String(error)
      throw error
    } finally {
      await redrives.release({ id: taken.id, holder, trouble })
    }
  }
}

async function advanceOne(
  { id, perSecond }: { id: number; perSecond: number },
  { redrives, publish, newToken, holder, now, sleep, endMs }: AdvanceParts,
): Promise<{ published: number; isOver: boolean }> {
  const stepMs = Math.max(stepMsMin, 1000 / perSecond)
  const recordsPerStep = Math.max(1, Math.round((perSecond * stepMs) / 1000))
  let published = 0
  for (let dueMs = now(); ; dueMs += stepMs) {
    if (dueMs >= endMs) return { published, isOver: true }
    await sleep(Math.max(0, dueMs - now()))
    const issued = await redrives.issue({ id, tokens: Array.from({ length: recordsPerStep }, newToken) })
    if (issued.length === 0) return { published, isOver: false }
    await publishAll(issued, publish)
    await redrives.acknowledge({ id, tokens: issued.map(({ token }) => token) })
    published += issued.length
    await redrives.take({ holder, untilMs: now() + holdMs })
  }
}

/** Records go back to the topic that they came from, with the key they had. */
async function publishAll(issued: IssuedAttempt[], publish: Publish): Promise<void> {
  const topics = new Set(issued.map(({ topic }) => topic))
  for (const topic of topics) {
    const messages = issued
      .filter((attempt) => attempt.topic === topic)
      .map(({ key, value, ...attempt }) => {
        return { key: key && Buffer.from(key), value: value && Buffer.from(value), headers: attemptHeaders(attempt) }
      })
    await publish(topic, messages)
  }
}
