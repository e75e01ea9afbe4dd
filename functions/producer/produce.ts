// One run of the simulated shop: sends what is due, tick by tick, until its time is over.
import { PipelineError } from '../errors.ts'
import type { Sample } from '../events/business.ts'
import type { OutgoingMessage } from '../kafka/publish.ts'
import type { Story } from './story.ts'

export interface ProducerParts {
  story: Story
  /** No event is sent at this moment or after it, ms. */
  endMs: number
  /** ms with a fraction. */
  now(): number
  sleep(ms: number): Promise<void>
  /** ms until this invocation is ended from outside. */
  remainingMs(): number
  publish(messages: OutgoingMessage[]): Promise<unknown>
  /** Called for every send that failed; it is tried again. */
  onFailure(error: PipelineError): void
}

export interface ProducerSummary {
  /** Events that the broker acknowledged. */
  acknowledged: number
  /** Events that were due and not acknowledged when the time was over. */
  unsent: number
  failedSends: number
}

/** At high rates one send carries what became due within a tick. */
const tickMs = 10
const messagesPerSendMax = 1000
/** Kept back of the invocation's time, for the last acknowledgement: a send takes at most 5 s. */
const reserveMs = 6000
const retryMsMin = 100
const retryMsMax = 2000

/**
 * Sends every event once it is due, stamped with the moment it was due, in order, one send at a time. What is due
 * while the broker is away is sent when it is back, under the same ids.
 *
 * @throws PipelineError when the broker refuses for good, or when nothing at all was acknowledged
 */
export async function produce(parts: ProducerParts): Promise<ProducerSummary> {
  const { story, endMs } = parts
  const summary: ProducerSummary = { acknowledged: 0, unsent: 0, failedSends: 0 }
  const isOver = () => parts.now() >= endMs || parts.remainingMs() <= reserveMs
  let lastFault: PipelineError | undefined

  while (story.nextDueMs() < Number.POSITIVE_INFINITY) {
    // Asked before the send: what became due in the last tick is sent too.
    const isLastTick = isOver()
    const tickStartMs = parts.now()
    const batch = story.take(tickStartMs, messagesPerSendMax).map(messageOf)
    if (batch.length > 0) {
      const sent = await sendUntil(isOver, batch, parts)
      summary.failedSends += sent.failures
      lastFault = sent.lastFault ?? lastFault
      if (!sent.acknowledged) {
        summary.unsent += batch.length
        break
      }
      summary.acknowledged += batch.length
    }
    if (isLastTick) break
    const wakeMs = Math.min(endMs, Math.max(story.nextDueMs(), tickStartMs + tickMs))
    // Timers count whole milliseconds; one that fired a fraction early would cost a tick.
    await parts.sleep(Math.max(0, Math.ceil(wakeMs - parts.now())))
  }
  summary.unsent += story.waiting(parts.now())
  if (lastFault && summary.acknowledged === 0) throw lastFault
  return summary
}

function messageOf({ key, event }: Sample): OutgoingMessage {
  return { key, value: JSON.stringify(event) }
}

/** Tries a batch again, waiting longer each time, until it is acknowledged or the time is over. */
async function sendUntil(
  isOver: () => boolean,
  batch: OutgoingMessage[],
  parts: ProducerParts,
): Promise<{ acknowledged: boolean; failures: number; lastFault?: PipelineError }> {
  let lastFault: PipelineError | undefined
  for (let failures = 0; ; failures++) {
    if (failures > 0 && isOver()) return { acknowledged: false, failures, lastFault }
    try {
      await parts.publish(batch)
      return { acknowledged: true, failures, lastFault }
    } catch (error) {
      if (!(error instanceof PipelineError) || !error.retriable) throw error
      lastFault = error
      parts.onFailure(error)
      await parts.sleep(Math.min(retryMsMax, retryMsMin * 2 ** failures))
    }
  }
}
