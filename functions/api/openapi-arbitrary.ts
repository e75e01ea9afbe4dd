// Values that a JSON schema allows, as fast-check makes them: for the test that asks every route what it describes.
import fc from 'fast-check'

export interface JsonSchema {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  allOf?: JsonSchema[]
  properties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  pattern?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  default?: unknown
}

/** Long texts and lists say no more than short ones. */
const lengthMax = 40
const itemsMax = 4

/** `named`: what `#/components/schemas/...` refers to. */
export function arbitraryOf(schema: JsonSchema, named: Record<string, JsonSchema>): fc.Arbitrary<unknown> {
  const { $ref, anyOf, oneOf, allOf, type } = schema
  if ($ref) return arbitraryOf(named[$ref.split('/').at(-1) ?? ''] ?? {}, named)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.const !== undefined) return fc.constant(schema.const)
  const choices = anyOf ?? oneOf
  if (choices) return fc.oneof(...choices.map((choice) => arbitraryOf(choice, named)))
  if (allOf)
    return fc.tuple(...allOf.map((part) => arbitraryOf(part, named))).map((parts) => Object.assign({}, ...parts))
  if (Array.isArray(type)) return fc.oneof(...type.map((one) => arbitraryOf({ ...schema, type: one }, named)))
  switch (type) {
    case 'integer':
      return fc.integer({ min: Math.max(lowest(schema), -1e9), max: Math.min(schema.maximum ?? 1e9, 2 ** 31 - 1) })
    case 'number':
      return fc.double({ min: lowest(schema), max: schema.maximum ?? 1e9, noNaN: true, noDefaultInfinity: true })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(arbitraryOf(schema.items ?? {}, named), {
        minLength: Math.min(schema.minItems ?? 0, itemsMax),
        maxLength: Math.min(schema.maxItems ?? itemsMax, itemsMax),
      })
    case 'object':
      return objectOf(schema, named)
    case 'string':
      return textOf(schema)
    default:
      return fc.jsonValue({ maxDepth: 2 })
  }
}

function lowest({ minimum, exclusiveMinimum }: JsonSchema): number {
  return minimum ?? (exclusiveMinimum === undefined ? -1e9 : exclusiveMinimum + 1)
}

function textOf({ pattern, minLength = 0, maxLength = lengthMax }: JsonSchema): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern))
  return fc.string({ unit: 'grapheme', minLength, maxLength: Math.max(minLength, Math.min(maxLength, lengthMax)) })
}

function objectOf({ properties = {}, required = [] }: JsonSchema, named: Record<string, JsonSchema>) {
  const members = Object.fromEntries(
    Object.entries(properties).map(([name, member]) => [name, arbitraryOf(member, named)]),
  )
  const requiredKeys = required.filter((name) => name in members)
  return fc.record(members, { requiredKeys })
}
