// What a process has used so far, as Linux accounts for it.
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Resident memory in MB and CPU time in ms; Linux counts them in pages of 4 KB and ticks of 10 ms. */
export function usage({ pid }: ChildProcess): { residentMb: number; cpuMs: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The program's name comes second and may hold blanks: fields are counted from behind it.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [userTicks, systemTicks, residentPages] = [fields[11], fields[12], fields[21]] as [number, number, number]
  return { residentMb: (residentPages * 4) / 1_024, cpuMs: (userTicks + systemTicks) * 10 }
}
