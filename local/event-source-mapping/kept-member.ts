// Keeps on disk as which member this process is in its group, so that the next start can tell which members are dead.
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

interface Kept {
  /** Containers may share the folder, and each has a process 1: of another host nothing can be told. */
  host: string
  pid: number
  groupId: string
  memberId: string
}

/** Files are as many as processes were killed; those of other groups may lie beside them. */
const filesReadMax = 1_000

export class KeptMember {
  readonly #folder: string
  readonly #groupId: string
  readonly #file: string

  /** `folder` is made when it is absent. Several processes may share it. */
  constructor(folder: string, groupId: string) {
    this.#folder = folder
    this.#groupId = groupId
    const name = createHash('sha256').update(`${hostname()} ${groupId}`).digest('hex').slice(0, 16)
    this.#file = join(folder, `${process.pid}-${name}.json`)
  }

  /** Where nothing can be written, a member that is killed is missed after its session time-out, and nothing else is lost. */
  keep(memberId: string): void {
    const kept: Kept = { host: hostname(), pid: process.pid, groupId: this.#groupId, memberId }
    try {
      mkdirSync(this.#folder, { recursive: true })
      writeFileSync(this.#file, JSON.stringify(kept))
    } catch {}
  }

  /** This process has left the group by itself. */
  forget(): void {
    rmSync(this.#file, { force: true })
  }

  /**
   * Members of the group whose process is gone; each is told once. To be called before the first `keep`: what stands under
   * this process's own number then is of an earlier one, as in a container, where numbers repeat.
   */
  takeDead(): string[] {
    return this.#files().flatMap((file) => {
      const kept = read(file)
      if (kept && !this.#isDead(kept)) return []
      rmSync(file, { force: true })
      return kept ? [kept.memberId] : []
    })
  }

  #isDead({ host, groupId, pid }: Kept): boolean {
    const mayBeJudged = host === hostname() && groupId === this.#groupId
    return mayBeJudged && (pid === process.pid || !isAlive(pid))
  }

  #files(): string[] {
    try {
      return readdirSync(this.#folder)
        .filter((name) => name.endsWith('.json'))
        .slice(0, filesReadMax)
        .map((name) => join(this.#folder, name))
    } catch {
      return []
    }
  }
}

/** null for what was being written when its process died. */
function read(file: string): Kept | null {
  try {
    const kept: Partial<Kept> = JSON.parse(readFileSync(file, 'utf8'))
    const { host, groupId, memberId } = kept
    const isWhole = typeof kept.pid === 'number' && [host, groupId, memberId].every((text) => typeof text === 'string')
    return isWhole ? (kept as Kept) : null
  } catch {
    return null
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
