// The function of the mapping's latency benchmark: answers when it began, by the clock that all threads of a process share.

export async function handler(): Promise<{ beganMicros: number }> {
  return { beganMicros: Number(process.hrtime.bigint() / 1_000n) }
}
