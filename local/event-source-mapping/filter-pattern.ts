// Reads a filter pattern into a tree of fields and tests, and refuses what AWS's engine refuses.
// The engine's rules: https://github.com/aws/event-ruler
import { decimalIn, parseExactly } from './exact-json.ts'
import {
  isRecord,
  type LeafTest,
  literalTest,
  only,
  operatorNames,
  operatorTest,
  PatternFault,
} from './filter-operator.ts'
import { refusal } from './settings-error.ts'
import { patternLengthMax } from './settings-schema.ts'

/** All fields must match, and of each `$or` at least one alternative. */
export interface PatternNode {
  fields: PatternField[]
  either: PatternNode[][]
}

export interface PatternField {
  name: string
  /** From the record down to here. */
  path: readonly string[]
  /** Fields below, or the tests of which one must hold for one leaf. */
  child: PatternNode | PatternLeaf
  /** What may follow `name.` in one name of the record: EventBridge takes `{"a.b": 1}` for `{"a": {"b": 1}}`. */
  dotted: readonly string[]
}

export interface PatternLeaf {
  tests: readonly LeafTest[]
  /** `exists: false` is among them. */
  matchesAbsent: boolean
}

export interface Pattern {
  root: PatternNode
  /** Without, a record's numbers need not be exact. */
  comparesNumbers: boolean
}

export function isLeaf(child: PatternNode | PatternLeaf): child is PatternLeaf {
  return 'tests' in child
}

/**
 * The tree of a pattern.
 *
 * @throws PipelineError CONFIG_INVALID with AWS's InvalidParameterValueException "Invalid filter pattern definition."
 */
export function parsePattern(text: string): Pattern {
  try {
    if (text.length > patternLengthMax) throw new PatternFault(`It is longer than ${patternLengthMax} characters`)
    const json = parseExactly(text)
    if (!isRecord(json)) throw new PatternFault('Filter is not an object')
    return { root: nodeOf(json, []), comparesNumbers: holdsNumber(json) }
  } catch (error) {
    if (!(error instanceof PatternFault || error instanceof SyntaxError)) throw error
    const shown = text.length > 200 ? `${text.slice(0, 200)}...` : text
    throw refusal('InvalidParameterValueException', `Invalid filter pattern definition. ${error.message}: ${shown}`)
  }
}

function nodeOf(json: Record<string, unknown>, path: readonly string[]): PatternNode {
  const entries = Object.entries(json)
  if (entries.length === 0) throw new PatternFault('Empty objects are not allowed')
  const node: PatternNode = { fields: [], either: [] }
  for (const [name, value] of entries) {
    const alternatives = name === '$or' ? alternativesOf(value) : null
    if (alternatives) node.either.push(alternatives.map((one) => nodeOf(one, path)))
    else addField(node, name.split('.'), value, path)
  }
  return node
}

/** At least two objects without an operator's name among their fields; anything else is a plain field called `$or`. */
function alternativesOf(value: unknown): Record<string, unknown>[] | null {
  if (!Array.isArray(value) || value.length < 2 || !value.every(isRecord)) return null
  const hasOperator = value.some((one) => Object.keys(one).some((name) => operatorNames.includes(name)))
  return hasOperator ? null : value
}

/** Adds a field, whose dotted name is a way down; fields that begin the same way share it. */
function addField(node: PatternNode, names: readonly string[], value: unknown, above: readonly string[]): void {
  const [name = '', ...below] = names
  const path = [...above, name]
  const known = node.fields.find((field) => field.name === name)
  if (below.length === 0 && !isRecord(value)) {
    if (known) throw new PatternFault(`Path ${path.join('.')} cannot be allowed multiple times`)
    node.fields.push({ name, path, child: leafOf(value, path), dotted: [] })
    return
  }
  if (known && isLeaf(known.child)) throw new PatternFault(`Path ${path.join('.')} cannot be allowed multiple times`)
  const child = (known?.child as PatternNode | undefined) ?? { fields: [], either: [] }
  if (below.length > 0) addField(child, below, value, path)
  else {
    const more = nodeOf(value as Record<string, unknown>, path)
    for (const field of more.fields) mergeField(child, field)
    child.either.push(...more.either)
  }
  const field = { name, path, child, dotted: namesBelow(child) }
  if (known) node.fields[node.fields.indexOf(known)] = field
  else node.fields.push(field)
}

function mergeField(node: PatternNode, field: PatternField): void {
  const known = node.fields.find(({ name }) => name === field.name)
  if (!known) {
    node.fields.push(field)
    return
  }
  if (isLeaf(known.child) || isLeaf(field.child)) {
    throw new PatternFault(`Path ${field.path.join('.')} cannot be allowed multiple times`)
  }
  for (const one of field.child.fields) mergeField(known.child, one)
  known.child.either.push(...field.child.either)
  node.fields[node.fields.indexOf(known)] = { ...known, dotted: namesBelow(known.child) }
}

function namesBelow(node: PatternNode): string[] {
  const own = node.fields.flatMap(({ name, dotted }) => [name, ...dotted.map((rest) => `${name}.${rest}`)])
  return [...own, ...node.either.flat().flatMap(namesBelow)]
}

function leafOf(value: unknown, path: readonly string[]): PatternLeaf {
  if (!Array.isArray(value)) throw new PatternFault(`"${path.join('.')}" must be an object or an array`)
  if (value.length === 0) throw new PatternFault('Empty arrays are not allowed')
  const literals = value.filter((one) => !isRecord(one))
  if (literals.some(Array.isArray)) throw new PatternFault('Match value must be String, number, true, false, or null')
  const tests: LeafTest[] = literals.length > 0 ? [literalTest(literals)] : []
  let matchesAbsent = false
  for (const [name, argument] of value.filter(isRecord).map(only)) {
    if (name !== 'exists') tests.push(operatorTest(name, argument))
    else if (typeof argument !== 'boolean') throw new PatternFault('exists match pattern must be either true or false')
    else if (argument) tests.push(() => true)
    else matchesAbsent = true
  }
  return { tests, matchesAbsent }
}

function holdsNumber(json: unknown): boolean {
  if (decimalIn(json)) return true
  return typeof json === 'object' && json !== null && Object.values(json).some(holdsNumber)
}
