// Matches a pattern's tree with a record, as AWS's engine does: https://github.com/aws/event-ruler
import { isRecord } from './filter-operator.ts'
import { isLeaf, type PatternField, type PatternLeaf, type PatternNode } from './filter-pattern.ts'

/** Says of a field that its verdict is known without a look at the record; undefined for all others. */
export type Foregone = (field: PatternField) => boolean | undefined

/** Does the record match? */
export function matchesPattern(pattern: PatternNode, record: Record<string, unknown>, foregone: Foregone): boolean {
  return matchesObject(pattern, record)

  function matchesObject(node: PatternNode, object: Record<string, unknown>): boolean {
    return (
      node.fields.every((field) => matchesField(field, object)) &&
      node.either.every((alternatives) => alternatives.some((one) => matchesObject(one, object)))
    )
  }

  /** Of an array one element must match, and for several fields below the same one (the engine's array consistency). */
  function matchesField(field: PatternField, object: Record<string, unknown>): boolean {
    const known = foregone(field)
    if (known !== undefined) return known
    const { child } = field
    const values = valuesOf(field, object)
    if (!isLeaf(child)) {
      const objects = values.filter(isRecord)
      // The engine knows leaves by their paths alone: those below an object that is not there are absent, too.
      return (objects.length > 0 ? objects : [{}]).some((one) => matchesObject(child, one))
    }
    return values.some((value) => passes(child, value)) || (child.matchesAbsent && !occurs(record, field.path))
  }
}

function passes({ tests }: PatternLeaf, value: unknown): boolean {
  return !isRecord(value) && tests.some((test) => test(value))
}

/** What an object has under a field's name: elements for an array, and what dotted names hold. */
function valuesOf({ name, dotted }: PatternField, object: Record<string, unknown>): unknown[] {
  const values = Object.hasOwn(object, name) ? elementsOf(object[name]) : []
  const present = dotted.filter((rest) => Object.hasOwn(object, `${name}.${rest}`))
  if (present.length === 0) return values
  const spelledOut = Object.fromEntries(present.map((rest) => [rest, object[`${name}.${rest}`]]))
  const objects = values.filter(isRecord)
  return objects.length > 0 ? objects.map((one) => ({ ...one, ...spelledOut })) : [...values, spelledOut]
}

/** Is there a leaf at the path? Only leaves count: an object in its place, or an empty array, is as good as absent. */
function occurs(value: unknown, path: readonly string[]): boolean {
  return elementsOf(value).some((one) => {
    if (!isRecord(one)) return path.length === 0
    return path.some((_, i) => {
      const name = path.slice(0, i + 1).join('.')
      return Object.hasOwn(one, name) && occurs(one[name], path.slice(i + 1))
    })
  })
}

/** The elements of an array, those of arrays within it too, however deep; anything else by itself. */
function elementsOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) return [value]
  const elements: unknown[] = []
  const rest = [value]
  while (rest.length > 0) {
    const array = rest.pop() as unknown[]
    for (const one of array) {
      if (Array.isArray(one)) rest.push(one)
      else elements.push(one)
    }
  }
  return elements
}
