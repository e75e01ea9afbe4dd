// How the small commands end: an error as one sentence with what to do, and an exit code that says it.
import { PipelineError } from '../functions/errors.ts'

/** Runs a command's body; `say` prints a line. Ends the process with 1 when the body throws. */
export async function runCommand(body: (say: (line: string) => void) => Promise<void>): Promise<void> {
  try {
    await body((line) => console.log(line))
  } catch (error) {
    console.error(describeFailure(error as Error))
    process.exit(1)
  }
}

/** What a person can do about it where that is known, else where it happened. */
export function describeFailure(error: Error): string {
  if (!(error instanceof PipelineError)) return error.stack ?? error.message
  return error.hint ? `${error.message}\n  ${error.hint}` : error.message
}
