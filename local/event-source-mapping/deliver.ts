// Delivers what a mapping gave up on: to a topic for real, and to local stand-ins of SQS, SNS and S3, which are files.
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Destination } from './destination.ts'
import { type FailedBatch, onFailureMessages } from './on-failure.ts'

export interface DeliveryMeans {
  /** Resolves once all messages are acknowledged, rejects when one is not. The topic is never created. */
  publish: (topic: string, messages: { key: Buffer | null; value: string }[]) => Promise<unknown>
  /** Where the stand-ins lie. */
  folder: string
  mappingUuid: string
  newId: () => string
  /** In one stand-in; 10,000 unless told otherwise. */
  messagesMax?: number
}

/** Messages in one stand-in. Whoever reads them removes them; what nobody reads must not fill the disk. */
const messagesMaxDefault = 10_000

/**
 * Resolves once the destination has it all. Our choice: it is tried once, because publishing tries again by itself, and a
 * disk that cannot be written will not be a moment later; what AWS does is not documented.
 *
 * A stand-in holds one file for each message, named by its time: `sqs/<queue>/`, `sns/<topic>/`, and for S3 the
 * object key that AWS uses for streams, `s3/<bucket>/aws/lambda/<uuid>/<topic-partition>/YYYY/MM/DD/<time>-<id>`. A batch
 * with several partitions is one object, under the first of them.
 *
 * @throws Error when the destination did not take it: then the records count as dropped.
 */
export async function deliver(destination: Destination, batch: FailedBatch, means: DeliveryMeans): Promise<void> {
  const messages = onFailureMessages(destination.kind, batch)
  if (destination.kind === 'kafka') {
    await means.publish(
      destination.topic,
      messages.map(({ key, body }) => ({ key, value: body })),
    )
    return
  }
  const folder = join(means.folder, destination.kind, destination.name)
  await mkdir(folder, { recursive: true })
  await refuseWhenFull(folder, means.messagesMax ?? messagesMaxDefault)
  for (const { body } of messages) {
    const name =
      destination.kind === 's3' ? objectKey(batch, means) : `${timeName(batch.nowMs, 'ms')}-${means.newId()}.json`
    await writeWhole(join(folder, name), body)
  }
}

async function refuseWhenFull(folder: string, messagesMax: number): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  if (entries.filter((entry) => entry.isFile()).length < messagesMax) return
  throw new Error(`${folder} holds ${messagesMax} messages that nobody has taken: read them and remove them`)
}

function objectKey({ slices, nowMs }: FailedBatch, { mappingUuid, newId }: DeliveryMeans): string {
  const day = new Date(nowMs).toISOString().slice(0, 10).replaceAll('-', '/')
  return join('aws/lambda', mappingUuid, slices[0]?.key ?? '', day, `${timeName(nowMs, 's')}-${newId()}`)
}

/** `2026-05-01T12.00.00`, or with milliseconds: no colons, which some file systems refuse. */
function timeName(nowMs: number, to: 's' | 'ms'): string {
  const length = to === 's' ? '2026-05-01T12:00:00'.length : '2026-05-01T12:00:00.000'.length
  return new Date(nowMs).toISOString().slice(0, length).replaceAll(':', '.')
}

/** Under its own name only when it is complete, so that no reader ever meets a half. */
async function writeWhole(file: string, body: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(`${file}.part`, body)
  await rename(`${file}.part`, file)
}
