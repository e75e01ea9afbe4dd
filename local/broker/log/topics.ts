// The topics: which exist, their ids, partitions and settings, kept in one small file beside their logs.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { ErrorName } from '../protocol/error-codes.ts'
import type { Storage } from '../storage/storage.ts'
import { type Catalog, readCatalog } from './catalog.ts'
import { type TopicConfigs, withDefaults } from './configs.ts'
import { PartitionLog } from './log.ts'
import { type Topic, topicOf } from './topic.ts'
import { nameProblem } from './topic-name.ts'

/** Our choice: each partition written to holds a file descriptor, and the usual limit is 1,024 or more by far. */
const partitionsMax = 10_000

/** Producer ids are handed out from blocks, so that the file is written once for many. */
const producerIdBlock = 1000

/** A request about topics that cannot be done, with Kafka's error for it. */
export class TopicRefused extends Error {
  override readonly name = 'TopicRefused'
  readonly error: ErrorName

  constructor(error: ErrorName, message: string) {
    super(message)
    this.error = error
  }
}

export class Topics {
  readonly clusterId: string
  private readonly storage: Storage
  private readonly file: string
  readonly folder: string
  private readonly byName = new Map<string, Topic>()
  private readonly byId = new Map<string, Topic>()
  private nextProducerId: number
  private reservedProducerId: number

  /**
   * Opens every topic kept in `dataDir` and recovers its logs; `say` is told about each torn tail.
   *
   * @throws PipelineError LOG_CORRUPT naming the damaged file
   */
  constructor(storage: Storage, dataDir: string, say: (line: string) => void) {
    this.storage = storage
    this.folder = join(dataDir, 'topics')
    this.file = join(dataDir, 'topics.json')
    storage.makeFolder(this.folder)
    const catalog = readCatalog(storage, this.file)
    this.clusterId = catalog?.clusterId ?? randomBytes(16).toString('base64url')
    this.nextProducerId = catalog?.nextProducerId ?? 0
    this.reservedProducerId = this.nextProducerId
    for (const each of catalog?.topics ?? []) this.open(topicOf(each.name, each.id, each.configs), each.partitions)
    this.removeOrphans()
    for (const topic of this.all()) {
      topic.partitions.forEach((log, partition) => {
        if (log.tornBytes > 0) say(`${topic.name}-${partition}: cut ${log.tornBytes} bytes of an unfinished write off`)
      })
    }
    if (catalog === null) this.save()
  }

  all(): Topic[] {
    return [...this.byName.values()]
  }

  named(name: string): Topic | undefined {
    return this.byName.get(name)
  }

  withId(id: string): Topic | undefined {
    return this.byId.get(id)
  }

  log(name: string, partition: number): PartitionLog | undefined {
    return this.byName.get(name)?.partitions[partition]
  }

  /** What speaks against a new topic; throws TopicRefused. */
  checkNew(name: string, partitions: number): void {
    const problem = nameProblem(name)
    if (problem) throw new TopicRefused('INVALID_TOPIC_EXCEPTION', problem)
    if (this.byName.has(name)) throw new TopicRefused('TOPIC_ALREADY_EXISTS', `Topic '${name}' already exists.`)
    this.checkPartitions(partitions, partitions)
  }

  /** Throws TopicRefused when the topic exists, its name is not valid, or there would be too many partitions. */
  create(name: string, partitions: number, configs: Partial<TopicConfigs> = {}): Topic {
    this.checkNew(name, partitions)
    const topic = topicOf(name, randomBytes(16).toString('hex'), configs)
    this.change(
      () => this.open(topic, partitions),
      () => this.drop(topic),
    )
    return topic
  }

  checkGrow(name: string, partitions: number): Topic {
    const topic = this.byName.get(name)
    if (!topic) throw new TopicRefused('UNKNOWN_TOPIC_OR_PARTITION', `Topic '${name}' does not exist.`)
    const now = topic.partitions.length
    if (partitions <= now) {
      throw new TopicRefused(
        'INVALID_PARTITIONS',
        `Topic '${name}' has ${now} partitions, which is not fewer than ${partitions}.`,
      )
    }
    this.checkPartitions(partitions, partitions - now)
    return topic
  }

  /** Gives a topic more partitions, `partitions` in all. Throws TopicRefused. */
  grow(name: string, partitions: number): void {
    const topic = this.checkGrow(name, partitions)
    const before = topic.partitions.length
    this.change(
      () => this.openLogs(topic, partitions),
      () => topic.partitions.splice(before),
    )
  }

  /** Gives a topic other settings of its own, which have an effect at once. Throws TopicRefused. */
  configure(topic: Topic, own: Partial<TopicConfigs>): void {
    const before = topic.ownConfigs
    const set = (configs: Partial<TopicConfigs>) => () => {
      topic.ownConfigs = configs
    }
    this.change(set(own), set(before))
    // In place: the logs hold the same object.
    Object.assign(topic.configs, withDefaults(own))
  }

  /** Forgets a topic, then removes its files: in between, a crash leaves orphans that the next start removes. */
  delete(topic: Topic): void {
    this.change(
      () => this.unregister(topic),
      () => this.register(topic),
    )
    this.drop(topic)
  }

  private drop(topic: Topic): void {
    this.unregister(topic)
    for (const log of topic.partitions) log.close()
    this.storage.remove(join(this.folder, topic.name, topic.id))
  }

  /** A producer id that no one has had in this data directory. */
  newProducerId(): number {
    if (this.nextProducerId === this.reservedProducerId) {
      const reserve = (end: number) => () => {
        this.reservedProducerId = end
      }
      this.change(reserve(this.nextProducerId + producerIdBlock), reserve(this.nextProducerId))
    }
    return this.nextProducerId++
  }

  /** Deletes what is older or more than the topics keep. */
  retain(now: number): void {
    for (const log of this.logs()) log.retain(now)
  }

  /** Bounds what a start after a kill would have to read. */
  seal(bytesMin: number): void {
    for (const log of this.logs()) log.seal(bytesMin)
  }

  /** Every partition of every topic. */
  logs(): PartitionLog[] {
    return this.all().flatMap(({ partitions }) => partitions)
  }

  /** Keeps what the next start would else read again, and frees the files. */
  close(): void {
    for (const log of this.logs()) {
      try {
        log.seal(1)
      } catch (error) {
        // A disk without room: the next start reads the segment instead.
        if ((error as NodeJS.ErrnoException).code === undefined) throw error
      }
      log.close()
    }
  }

  private checkPartitions(partitions: number, more: number): void {
    if (!Number.isInteger(partitions) || partitions < 1) {
      throw new TopicRefused('INVALID_PARTITIONS', 'Number of partitions must be larger than 0.')
    }
    const now = this.all().reduce((sum, topic) => sum + topic.partitions.length, 0)
    if (now + more > partitionsMax) {
      throw new TopicRefused('POLICY_VIOLATION', `This broker keeps at most ${partitionsMax} partitions.`)
    }
  }

  private open(topic: Topic, partitions: number): void {
    this.openLogs(topic, partitions)
    this.register(topic)
  }

  /** Opens logs until there are `partitions`. The id in the path tells a topic from a deleted one of the same name. */
  private openLogs({ name, id, configs, partitions: logs }: Topic, partitions: number): void {
    while (logs.length < partitions) {
      logs.push(new PartitionLog(join(this.folder, name, id, String(logs.length)), configs, this.storage))
    }
  }

  private register(topic: Topic): void {
    this.byName.set(topic.name, topic)
    this.byId.set(topic.id, topic)
  }

  private unregister(topic: Topic): void {
    this.byName.delete(topic.name)
    this.byId.delete(topic.id)
  }

  private removeOrphans(): void {
    for (const name of this.storage.list(this.folder)) {
      const known = this.byName.get(name)?.id
      const ids = this.storage.list(join(this.folder, name))
      for (const id of ids) if (id !== known) this.storage.remove(join(this.folder, name, id))
      if (known === undefined) this.storage.remove(join(this.folder, name))
    }
  }

  /** Makes a change and keeps it, or undoes it when the disk is full or cannot be written. Throws TopicRefused then. */
  private change(make: () => void, undo: () => void): void {
    try {
      make()
      this.save()
    } catch (error) {
      undo()
      if ((error as NodeJS.ErrnoException).code === undefined) throw error
      throw new TopicRefused('KAFKA_STORAGE_ERROR', `The topics cannot be written: ${(error as Error).message}`)
    }
  }

  private save(): void {
    const topics = this.all().map(({ name, id, partitions, ownConfigs }) => {
      return { name, id, partitions: partitions.length, configs: ownConfigs }
    })
    const catalog: Catalog = { clusterId: this.clusterId, nextProducerId: this.reservedProducerId, topics }
    this.storage.replace(this.file, Buffer.from(`${JSON.stringify(catalog, null, 2)}\n`), true)
  }
}
