// Keeps on disk as which member this process is in its group, so that the next start can tell which members are dead.
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Kept {
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
    const name = createHash('sha256').update(groupId).digest('hex').slice(0, 16)
    this.#file = join(folder, `${process.pid}-${name}.json`)
  }

  /** Where nothing can be written, a member that is killed is missed after its session time-out, and nothing else is lost. */
  keep(memberId: string): void {
    const kept: Kept = { pid: process.pid, groupId: this.#groupId, memberId }
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
      if (kept && (kept.groupId !== this.#groupId || (kept.pid !== process.pid && isAlive(kept.pid)))) return []
      rmSync(file, { force: true })
      return kept ? [kept.memberId] : []
    })
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
    const isWhole =
      typeof kept.pid === 'number' && typeof kept.groupId === 'string' && typeof kept.memberId === 'string'
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
