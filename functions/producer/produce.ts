// One run of the simulated shop: sends what is due, tick by tick, until its time is over.
import { PipelineError } from '../errors.ts'
import type { OutgoingMessage } from '../kafka/publish.ts'
import { generateEvent } from './generate.ts'
import { dueAt, dueBy, type Pace, totalDue } from './pace.ts'
import type { Random } from './random.ts'

export interface ProducerParts {
  pace: Pace
  random: Random
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
  const { pace } = parts
  const total = totalDue(pace)
  const summary: ProducerSummary = { acknowledged: 0, unsent: 0, failedSends: 0 }
  const isOver = () => parts.now() >= pace.endMs || parts.remainingMs() <= reserveMs
  let lastFault: PipelineError | undefined

  while (summary.acknowledged < total) {
    // Asked before the send: what became due in the last tick is sent too.
    const isLastTick = isOver()
    const tickStartMs = parts.now()
    const batch = nextBatch(parts, summary.acknowledged, tickStartMs)
    if (batch.length > 0) {
      const sent = await sendUntil(isOver, batch, parts)
      summary.failedSends += sent.failures
      lastFault = sent.lastFault ?? lastFault
      if (!sent.acknowledged) break
      summary.acknowledged += batch.length
    }
    if (isLastTick) break
    const wakeMs = Math.min(pace.endMs, Math.max(dueAt(pace, summary.acknowledged), tickStartMs + tickMs))
    // Timers count whole milliseconds; one that fired a fraction early would cost a tick.
    await parts.sleep(Math.max(0, Math.ceil(wakeMs - parts.now())))
  }
  summary.unsent = dueBy(pace, parts.now()) - summary.acknowledged
  if (lastFault && summary.acknowledged === 0) throw lastFault
  return summary
}

function nextBatch({ pace, random }: ProducerParts, sent: number, nowMs: number): OutgoingMessage[] {
  const due = Math.min(dueBy(pace, nowMs) - sent, messagesPerSendMax)
  return Array.from({ length: Math.max(0, due) }, (_, index) => {
    const event = generateEvent(random, dueAt(pace, sent + index))
    return { key: String(event.user_id), value: JSON.stringify(event) }
  })
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
