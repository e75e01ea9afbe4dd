// What a container's environment gives to the functions in it.
import { pipelineEnvironment } from '../infra/environment.ts'

/** Lambda keeps these for itself, and sets them anew. */
const lambdas = /^(_|TZ$|AWS_EXECUTION_ENV$|(AWS_)?LAMBDA_)/

/** The description's variables, and over them what the process was given. */
export function givenVariables(given: Record<string, string | undefined>): Record<string, string> {
  const entries = Object.entries(given).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !lambdas.test(entry[0]),
  )
  return { ...pipelineEnvironment(), ...Object.fromEntries(entries) }
}
