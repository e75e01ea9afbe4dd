// The operators of a filter pattern, each turned into a test of one leaf of a record.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html lists those that Lambda documents. The others
// (wildcard, cidr, and combinations within prefix, suffix and anything-but) are those of EventBridge's engine, whose rules
// Lambda says it supports; whether a Kafka mapping takes them is not documented. Our choice: they work.
import { BlockList, isIP } from 'node:net'
import { compareDecimals, type Decimal, decimalKey } from './decimal.ts'
import { decimalIn } from './exact-json.ts'

/** A leaf: text, number (of `parseExactly`), true, false or null. */
export type LeafTest = (leaf: unknown) => boolean

/** Names of operators: an alternative of `$or` with such a field makes a plain field called `$or` of it. */
export const operatorNames = [
  'exists',
  'equals-ignore-case',
  'anything-but',
  'numeric',
  'prefix',
  'suffix',
  'wildcard',
  'cidr',
]

/** One way in which a pattern is wrong; becomes AWS's message on the way out. */
export class PatternFault extends Error {}

/** The test of `{ name: argument }`, but for `exists`, which is about the field and not about its value. */
export function operatorTest(name: string, argument: unknown): LeafTest {
  switch (name) {
    case 'prefix':
      return affixTest(argument, (text, affix) => text.startsWith(affix))
    case 'suffix':
      return affixTest(argument, (text, affix) => text.endsWith(affix))
    case 'equals-ignore-case':
      return ignoringCase(textOf(argument, name), (text, wanted) => text === wanted)
    case 'wildcard':
      return wildcardTest(textOf(argument, name))
    case 'numeric':
      return numericTest(argument)
    case 'cidr':
      return cidrTest(textOf(argument, name))
    case 'anything-but':
      return anythingButTest(argument)
    default:
      throw new PatternFault(`Unrecognized match type ${name}`)
  }
}

/** Text, number, true, false or null, compared exactly. */
export function literalTest(literals: readonly unknown[]): LeafTest {
  const numbers = new Set<string>()
  const others = new Set<unknown>()
  for (const literal of literals) {
    const decimal = decimalIn(literal)
    if (decimal) numbers.add(decimalKey(decimal))
    else others.add(literal)
  }
  if (numbers.size === 0) return (leaf) => others.has(leaf)
  return (leaf) => {
    const decimal = decimalIn(leaf)
    return decimal ? numbers.has(decimalKey(decimal)) : others.has(leaf)
  }
}

function affixTest(argument: unknown, fits: (text: string, affix: string) => boolean): LeafTest {
  if (isRecord(argument)) {
    const [name, inner] = only(argument)
    if (name !== 'equals-ignore-case') throw new PatternFault(`Unrecognized match type ${name} within prefix or suffix`)
    return ignoringCase(textOf(inner, name), fits)
  }
  const affix = textOf(argument, 'prefix or suffix')
  return (leaf) => typeof leaf === 'string' && fits(leaf, affix)
}

function ignoringCase(wanted: string, fits: (text: string, wanted: string) => boolean): LeafTest {
  const lower = wanted.toLowerCase()
  return (leaf) => typeof leaf === 'string' && fits(leaf.toLowerCase(), lower)
}

/** `*` stands for any text; `\*` and `\\` for themselves. */
function wildcardTest(pattern: string): LeafTest {
  const pieces = ['']
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] as string
    if (char === '*') {
      if (pattern[i + 1] === '*') throw new PatternFault('Consecutive wildcard characters')
      pieces.push('')
      continue
    }
    if (char === '\\') {
      i += 1
      if (pattern[i] !== '*' && pattern[i] !== '\\') throw new PatternFault('Invalid escape character in wildcard')
    }
    pieces[pieces.length - 1] += pattern[i] as string
  }
  return (leaf) => typeof leaf === 'string' && fitsPieces(leaf, pieces)
}

/** The pieces in their order, the first and the last one at the ends. Taking each as early as it comes is enough. */
function fitsPieces(text: string, pieces: readonly string[]): boolean {
  const first = pieces[0] as string
  if (pieces.length === 1) return text === first
  const last = pieces.at(-1) as string
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
  const end = text.length - last.length
  let from = first.length
  for (const piece of pieces.slice(1, -1)) {
    const at = text.indexOf(piece, from)
    if (at < 0 || at + piece.length > end) return false
    from = at + piece.length
  }
  return true
}

/** `["=", n]`, or a lower bound, an upper bound, or a lower one followed by an upper one. JSON numbers only, never texts. */
function numericTest(argument: unknown): LeafTest {
  if (!Array.isArray(argument)) throw new PatternFault('Value of numeric must be an array')
  const [operator, operand, upperOperator, upperOperand, ...more] = argument
  const bound = boundOf(operator, operand)
  if (argument.length === 2) return (leaf) => holds(decimalIn(leaf), bound)
  const isRange = ['>', '>='].includes(operator) && ['<', '<='].includes(upperOperator)
  if (!isRange || more.length > 0) throw new PatternFault('Too many or wrong elements in numeric expression')
  const upper = boundOf(upperOperator, upperOperand)
  if (compareDecimals(bound.operand, upper.operand) >= 0) throw new PatternFault('Bottom must be less than top')
  return (leaf) => {
    const decimal = decimalIn(leaf)
    return holds(decimal, bound) && holds(decimal, upper)
  }
}

interface Bound {
  operator: string
  operand: Decimal
}

function boundOf(operator: unknown, value: unknown): Bound {
  if (typeof operator !== 'string' || !['=', '<', '<=', '>', '>='].includes(operator)) {
    throw new PatternFault('Unrecognized numeric range operator')
  }
  const operand = decimalIn(value)
  if (!operand) throw new PatternFault('Value of numeric must be numeric')
  return { operator, operand }
}

function holds(decimal: Decimal | null, { operator, operand }: Bound): boolean {
  if (!decimal) return false
  const order = compareDecimals(decimal, operand)
  if (order === 0) return operator.includes('=')
  return operator.startsWith(order < 0 ? '<' : '>')
}

function cidrTest(text: string): LeafTest {
  const [address = '', prefix, ...more] = text.split('/')
  const version = isIP(address)
  const bitsMax = version === 6 ? 128 : 32
  const bits = prefix === undefined ? bitsMax : Number(prefix)
  const isPrefix = prefix === undefined || /^\d{1,3}$/.test(prefix)
  if (version === 0 || more.length > 0 || !isPrefix || bits > bitsMax) throw new PatternFault('Malformed CIDR')
  const family = version === 6 ? 'ipv6' : 'ipv4'
  const net = new BlockList()
  net.addSubnet(address, bits, family)
  return (leaf) => typeof leaf === 'string' && isIP(leaf) === version && net.check(leaf, family)
}

/** Any leaf but those: a leaf there must be, a field that is absent does not match. */
function anythingButTest(argument: unknown): LeafTest {
  const excluded = isRecord(argument) ? anyOperatorTest(argument) : literalTest(excludedLiterals(argument))
  return (leaf) => !excluded(leaf)
}

function excludedLiterals(argument: unknown): readonly unknown[] {
  const literals = Array.isArray(argument) ? argument : [argument]
  const areTexts = literals.every((one) => typeof one === 'string')
  const areNumbers = literals.every((one) => decimalIn(one) !== null)
  if (literals.length > 0 && (areTexts || areNumbers)) return literals
  throw new PatternFault('Inside anything-but, either all values must be numbers or all strings')
}

function anyOperatorTest(argument: Record<string, unknown>): LeafTest {
  const [name, inner] = only(argument)
  if (!['prefix', 'suffix', 'equals-ignore-case', 'wildcard'].includes(name)) {
    throw new PatternFault(`Unrecognized match type ${name} within anything-but`)
  }
  const values = Array.isArray(inner) ? inner : [inner]
  if (values.length === 0 || values.includes('')) throw new PatternFault(`Null ${name} not allowed within anything-but`)
  const tests = values.map((value) => operatorTest(name, textOf(value, name)))
  return (leaf) => tests.some((test) => test(leaf))
}

function textOf(argument: unknown, name: string): string {
  if (typeof argument !== 'string') throw new PatternFault(`Value of ${name} must be a string`)
  return argument
}

/** The one member of an object that holds an operator. */
export function only(object: Record<string, unknown>): [string, unknown] {
  const entries = Object.entries(object)
  if (entries.length !== 1) throw new PatternFault('Only one key allowed in match expression')
  return entries[0] as [string, unknown]
}

/** A JSON object; numbers from `parseExactly` are none. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && decimalIn(value) === null
}
