// The errors of CreateEventSourceMapping, under AWS's names.
// https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html#API_CreateEventSourceMapping_Errors
import type { z } from 'zod'
import { PipelineError } from '../../functions/errors.ts'

export type AwsErrorName =
  /** One value by itself: its type, length or range. */
  | 'ValidationException'
  /** A value that contradicts another one, or that this kind of source does not take. */
  | 'InvalidParameterValueException'
  /** Another mapping has what must be its own. */
  | 'ResourceConflictException'

export function refusal(name: AwsErrorName, message: string): PipelineError {
  return new PipelineError('CONFIG_INVALID', `${name}: ${message}`, {
    hint: 'Check the JSON of the event source mapping; docs/event-source-mapping.md lists every setting.',
  })
}

/** All that is wrong with the shape of the settings, in the words in which AWS says it. */
export function validationException(issues: readonly z.core.$ZodIssue[], json: unknown): PipelineError {
  const complaints = issues.map((issue) => {
    const value = quoted(valueAt(json, issue.path))
    return `Value ${value} at '${issue.path.join('.')}' failed to satisfy constraint: ${constraintOf(issue)}`
  })
  const errors = complaints.length === 1 ? 'error' : 'errors'
  return refusal('ValidationException', `${complaints.length} validation ${errors} detected: ${complaints.join('; ')}`)
}

function constraintOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'too_small':
      return `Member must have ${measureOf(issue.origin)} greater than or equal to ${issue.minimum}`
    case 'too_big':
      return `Member must have ${measureOf(issue.origin)} less than or equal to ${issue.maximum}`
    case 'invalid_value':
      return `Member must satisfy enum value set: [${issue.values.join(', ')}]`
    case 'invalid_format':
      return `Member must satisfy regular expression pattern: ${issue.pattern ?? issue.format}`
    case 'invalid_type':
      return `Member must be of type ${issue.expected}`
    case 'unrecognized_keys':
      return `Member must not hold ${issue.keys.join(', ')}: CreateEventSourceMapping has no such parameter`
    default:
      return issue.message
  }
}

function measureOf(origin: string): string {
  return origin === 'string' || origin === 'array' ? 'length' : 'value'
}

function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], json)
}

/** A piece of what came, enough to find it. */
function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null')
  return `'${text.length > 200 ? `${text.slice(0, 200)}...` : text}'`
}
