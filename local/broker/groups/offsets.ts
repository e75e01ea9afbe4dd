// The offsets that groups have committed, and those that an unfinished transaction would commit, kept in a file.
import { EntryFile, type EntryFilePlace } from '../log/entry-file.ts'
import { compile } from '../protocol/codec.ts'
import { int8, int32, int64, list, type ReadOf, string } from '../protocol/schema.ts'

export interface CommittedOffset {
  offset: number
  leaderEpoch: number
  metadata: string
}

export interface OffsetEntry extends CommittedOffset {
  topic: string
  partition: number
}

/** What became of the transaction that an entry's producer id names. */
const outcome = { open: 0, committed: 1, aborted: 2 } as const

/** An entry is what one request changed, so that it is kept as a whole or not at all. */
const entryStruct = {
  groupId: string(),
  offsets: list({
    topic: string(),
    partition: int32(),
    /** `forgotten` when the offset was deleted. */
    offset: int64(),
    leaderEpoch: int32(),
    metadata: string(),
  }),
  /** -1 when committed outside a transaction. */
  producerId: int64({ tag: 0, absent: -1 }),
  outcome: int8({ tag: 1, absent: outcome.open }),
}

type Entry = ReadOf<typeof entryStruct>

const forgotten = -1

/** Groups with committed offsets, and the length of their names. Our choice: Kafka has no limits. */
const groupsMax = 10_000
const groupIdLengthMax = 1_000

export const isGroupId = (groupId: string): boolean => groupId.length > 0 && groupId.length <= groupIdLengthMax

type Offsets = Map<string, OffsetEntry>

export class CommittedOffsets {
  private readonly groups = new Map<string, Offsets>()
  /** By group, then by producer id. */
  private readonly pending = new Map<string, Map<number, Offsets>>()
  private readonly entries: EntryFile<typeof entryStruct>

  /**
   * Reads the file, and cuts an unfinished write at its end off.
   *
   * @throws PipelineError LOG_CORRUPT when entries follow a damaged one
   */
  constructor(place: EntryFilePlace) {
    const codec = compile(entryStruct, 0, true)
    const apply = (entry: Entry) => this.apply(entry)
    this.entries = new EntryFile({ ...place, codec, apply, current: () => this.current() })
  }

  /** Keeps offsets; they survive the death of this process when it returns. Throws the operating system's error. */
  commit(groupId: string, offsets: readonly OffsetEntry[]): void {
    if (offsets.length === 0) return
    this.entries.append({ groupId, offsets: [...offsets], producerId: -1, outcome: outcome.open })
  }

  /** Keeps offsets that count once the transaction of `producerId` is committed. Throws as `commit` does. */
  hold(groupId: string, producerId: number, offsets: readonly OffsetEntry[]): void {
    if (offsets.length === 0) return
    this.entries.append({ groupId, offsets: [...offsets], producerId, outcome: outcome.open })
  }

  /** The transaction of `producerId` has ended: what it held for the group counts now, or never will. */
  settle(groupId: string, producerId: number, committed: boolean): void {
    if (!this.pending.get(groupId)?.has(producerId)) return
    this.entries.append({
      groupId,
      offsets: [],
      producerId,
      outcome: committed ? outcome.committed : outcome.aborted,
    })
  }

  /** Whether an unfinished transaction would change this offset. */
  isHeld(groupId: string, topic: string, partition: number): boolean {
    const key = keyOf(topic, partition)
    return [...(this.pending.get(groupId)?.values() ?? [])].some((held) => held.has(key))
  }

  /** Forgets some of a group's offsets. */
  forget(groupId: string, offsets: readonly { topic: string; partition: number }[]): void {
    this.commit(groupId, offsets.map(asForgotten))
  }

  /** Forgets what every group has committed, or holds, for a topic, as Kafka does when it is deleted. */
  forgetTopic(topic: string): void {
    const ofTopic = (kept: Offsets) => [...kept.values()].filter((entry) => entry.topic === topic)
    for (const [groupId, kept] of this.groups) this.forget(groupId, ofTopic(kept))
    for (const [groupId, producers] of this.pending) {
      for (const [producerId, held] of producers) this.hold(groupId, producerId, ofTopic(held).map(asForgotten))
    }
  }

  groupIds(): string[] {
    return [...this.groups.keys()]
  }

  /** Whether `groupId` may commit: a new group may not when there are too many. */
  mayCommit(groupId: string): boolean {
    return this.groups.has(groupId) || this.groups.size + this.pending.size < groupsMax
  }

  has(groupId: string): boolean {
    return this.groups.has(groupId)
  }

  get(groupId: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.groups.get(groupId)?.get(keyOf(topic, partition))
  }

  of(groupId: string): OffsetEntry[] {
    return [...(this.groups.get(groupId)?.values() ?? [])]
  }

  close(): void {
    this.entries.close()
  }

  private apply({ groupId, offsets, producerId, outcome: end }: Entry): void {
    if (producerId < 0) {
      setAll(this.groups, groupId, offsets)
      return
    }
    const held = this.pending.get(groupId) ?? new Map<number, Offsets>()
    if (end === outcome.open) {
      setAll(held, producerId, offsets)
      this.pending.set(groupId, held)
      return
    }
    if (end === outcome.committed) setAll(this.groups, groupId, [...(held.get(producerId)?.values() ?? [])])
    held.delete(producerId)
    if (held.size === 0) this.pending.delete(groupId)
  }

  private current(): Entry[] {
    const committed = [...this.groups].map(([groupId, kept]) => {
      return { groupId, offsets: [...kept.values()], producerId: -1, outcome: outcome.open }
    })
    const held = [...this.pending].flatMap(([groupId, producers]) =>
      [...producers].map(([producerId, kept]) => {
        return { groupId, offsets: [...kept.values()], producerId, outcome: outcome.open }
      }),
    )
    return [...committed, ...held]
  }
}

function asForgotten({ topic, partition }: { topic: string; partition: number }): OffsetEntry {
  return { topic, partition, offset: forgotten, leaderEpoch: -1, metadata: '' }
}

const keyOf = (topic: string, partition: number): string => `${topic}:${partition}`

function setAll<K>(kept: Map<K, Offsets>, owner: K, offsets: readonly OffsetEntry[]): void {
  const own: Offsets = kept.get(owner) ?? new Map()
  for (const entry of offsets) {
    const key = keyOf(entry.topic, entry.partition)
    if (entry.offset === forgotten) own.delete(key)
    else own.set(key, entry)
  }
  if (own.size === 0) kept.delete(owner)
  else kept.set(owner, own)
}
