import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KafkaEventRecord } from '../../functions/lambda/kafka-event.ts'
import { compileFilters, type FilterableRecord, matchesFilters } from './filter.ts'

const base = { topic: 'my-topic', partition: 0, offset: 15, timestamp: 1545084650987 }

function recordOf(value: string | Buffer | null): KafkaEventRecord {
  const bytes = value === null ? {} : { value: Buffer.from(value as string).toString('base64') }
  return { ...base, timestampType: 'CREATE_TIME', headers: [], ...bytes }
}

/** Does a record with this JSON as its value match a pattern for the value? */
function matches(valuePattern: unknown, value: unknown): boolean {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const pattern = typeof valuePattern === 'string' ? valuePattern : JSON.stringify(valuePattern)
  return matchesFilters([`{"value":${pattern}}`], recordOf(text))
}

describe('the operators that Lambda documents', () => {
  it.each([
    ['null', { a: [null] }, { a: null }, { a: 'null' }],
    ['empty', { a: [''] }, { a: '' }, { a: null }],
    ['equals', { a: ['Alice'] }, { a: 'Alice' }, { a: 'alice' }],
    ['equals a number', { a: [100] }, { a: 100 }, { a: '100' }],
    ['equals true', { a: [true] }, { a: true }, { a: 'true' }],
    ['equals, ignoring case', { a: [{ 'equals-ignore-case': 'alice' }] }, { a: 'ALICE' }, { a: 'alic' }],
    ['and', { a: ['x'], b: ['y'] }, { a: 'x', b: 'y' }, { a: 'x', b: 'z' }],
    ['or', { a: ['Credit', 'Debit'] }, { a: 'Debit' }, { a: 'Cash' }],
    ['$or', { $or: [{ a: ['x'] }, { b: ['y'] }] }, { a: 'z', b: 'y' }, { a: 'z', b: 'z' }],
    ['$or beside a field', { c: [1], $or: [{ a: ['x'] }, { b: ['y'] }] }, { a: 'x', c: 1 }, { a: 'x', c: 2 }],
    ['$or within a field', { o: { $or: [{ a: ['x'] }, { b: ['y'] }] } }, { o: { b: 'y' } }, { b: 'y' }],
    ['anything but', { a: [{ 'anything-but': ['Raining'] }] }, { a: 'Sunny' }, { a: 'Raining' }],
    ['anything but a text, on a number', { a: [{ 'anything-but': '7' }] }, { a: 7 }, { a: '7' }],
    ['anything but, on an absent field', { a: [{ 'anything-but': 'x' }] }, { a: null }, { b: 'y' }],
    ['anything but numbers', { a: [{ 'anything-but': [1, 2] }] }, { a: 3 }, { a: 2.0 }],
    ['numeric equals', { a: [{ numeric: ['=', 100] }] }, { a: 100 }, { a: 101 }],
    ['numeric range', { a: [{ numeric: ['>', 10, '<=', 20] }] }, { a: 20 }, { a: 10 }],
    ['numeric bound', { a: [{ numeric: ['<', 0] }] }, { a: -0.5 }, { a: 0 }],
    ['numeric, on a text', { a: [{ numeric: ['>', 10] }] }, { a: 11 }, { a: '11' }],
    ['exists', { a: [{ exists: true }] }, { a: null }, { b: 1 }],
    ['exists not', { a: [{ exists: false }] }, { b: 1 }, { a: null }],
    ['prefix', { a: [{ prefix: 'us-' }] }, { a: 'us-east-1' }, { a: 'eu-us-' }],
    ['suffix', { a: [{ suffix: '.png' }] }, { a: 'x.png' }, { a: 'x.pn' }],
    ['one of several operators', { a: [{ prefix: 'x' }, { numeric: ['>', 5] }, 'z'] }, { a: 6 }, { a: 'y' }],
  ])('%s', (_, pattern, match, other) => {
    expect([matches(pattern, match), matches(pattern, other)]).toEqual([true, false])
  })
})

describe("the operators of EventBridge's engine that Lambda does not list", () => {
  it.each([
    ['prefix, ignoring case', { a: [{ prefix: { 'equals-ignore-case': 'EC2' } }] }, { a: 'ec2-x' }, { a: 'e' }],
    ['suffix, ignoring case', { a: [{ suffix: { 'equals-ignore-case': '.PNG' } }] }, { a: 'x.png' }, { a: 'png' }],
    ['anything but a prefix', { a: [{ 'anything-but': { prefix: 'x' } }] }, { a: 'y' }, { a: 'xy' }],
    ['anything but suffixes', { a: [{ 'anything-but': { suffix: ['x', 'y'] } }] }, { a: 'z' }, { a: 'zy' }],
    [
      'anything but, ignoring case',
      { a: [{ 'anything-but': { 'equals-ignore-case': ['X'] } }] },
      { a: 'y' },
      { a: 'x' },
    ],
    ['anything but a wildcard', { a: [{ 'anything-but': { wildcard: '*/lib/*' } }] }, { a: '/bin/' }, { a: 'x/lib/y' }],
    ['wildcard', { a: [{ wildcard: 'a*b' }] }, { a: 'a-x-b' }, { a: 'a-x-bc' }],
    ['wildcard of nothing', { a: [{ wildcard: 'a*b' }] }, { a: 'ab' }, { a: 'a' }],
    ['wildcard whose ends must not meet', { a: [{ wildcard: 'ab*ba' }] }, { a: 'abba' }, { a: 'aba' }],
    ['wildcards in a row', { a: [{ wildcard: '*x*y*' }] }, { a: '1x2y3' }, { a: 'yx' }],
    ['wildcard, escaped', { a: [{ wildcard: 'a\\*\\\\b' }] }, { a: 'a*\\b' }, { a: 'axb' }],
    ['cidr', { a: [{ cidr: '10.0.0.0/24' }] }, { a: '10.0.0.255' }, { a: '10.0.1.0' }],
    ['cidr of version 6', { a: [{ cidr: '2001:db8::/32' }] }, { a: '2001:db8::1' }, { a: '2001:db9::1' }],
  ])('%s', (_, pattern, match, other) => {
    expect([matches(pattern, match), matches(pattern, other)]).toEqual([true, false])
  })
})

describe('numbers', () => {
  it.each(['300', '300.0', '3.0e2', '3E+2'])('are equal as decimals, not as texts: %s is 300', (number) => {
    expect(matches('{"a":[300]}', `{"a":${number}}`)).toBe(true)
  })

  it('never pass through a double', () => {
    expect(matches('{"a":[9007199254740993]}', '{"a":9007199254740993}')).toBe(true)
    expect(matches('{"a":[9007199254740993]}', '{"a":9007199254740992}')).toBe(false)
    expect(matches('{"a":[{"numeric":[">",9007199254740992]}]}', '{"a":9007199254740993}')).toBe(true)
    expect(matches('{"a":[{"anything-but":[9007199254740993]}]}', '{"a":9007199254740992}')).toBe(true)
    expect(matches('{"a":[{"numeric":["<",0.10000000000000000001]}]}', '{"a":0.1}')).toBe(true)
  })
})

describe('arrays and paths', () => {
  it('match when one element does', () => {
    expect(matches({ a: ['x', 'y'] }, { a: ['z', 'y'] })).toBe(true)
    expect(matches({ a: ['x'] }, { a: [['z'], [['x']]] })).toBe(true)
    expect(matches({ a: ['x'] }, { a: [] })).toBe(false)
  })

  it('match several fields in the same element only', () => {
    const pattern = { lines: { sku: ['a'], count: [2] } }
    expect(matches(pattern, { lines: [{ sku: 'a', count: 2 }] })).toBe(true)
    expect(
      matches(pattern, {
        lines: [
          { sku: 'a', count: 1 },
          { sku: 'b', count: 2 },
        ],
      }),
    ).toBe(false)
  })

  it('take an object for absent where a leaf is asked for, and what is below one that is not there', () => {
    expect(matches({ a: [{ exists: false }] }, { a: { b: 1 } })).toBe(true)
    expect(matches({ a: [{ exists: true }] }, { a: { b: 1 } })).toBe(false)
    expect(matches({ a: { b: [{ exists: false }] } }, { a: [{ b: 1 }, { c: 2 }] })).toBe(false)
    expect(matches({ a: { b: [{ exists: false }] } }, { c: 1 })).toBe(true)
    expect(matches({ a: { b: [{ exists: false }] } }, { a: 'no object' })).toBe(true)
    expect(matches({ a: { b: [{ exists: true }], c: [{ exists: false }] } }, { d: 1 })).toBe(false)
  })

  it('take dotted names for paths, in the pattern and in the record', () => {
    expect(matches({ 'a.b': ['x'] }, { a: { b: 'x' } })).toBe(true)
    expect(matches({ a: { b: ['x'] } }, { 'a.b': 'x' })).toBe(true)
    expect(matches({ a: { b: { c: ['x'] } } }, { a: { 'b.c': 'x' } })).toBe(true)
    expect(matches({ a: { b: ['x'], c: ['y'] } }, { a: { c: 'y' }, 'a.b': 'x' })).toBe(true)
    expect(matches({ a: { b: [{ exists: false }] } }, { 'a.b': 'x' })).toBe(false)
  })

  it('never take what every object has for a field of the record', () => {
    expect(matches({ constructor: [{ exists: true }] }, { a: 1 })).toBe(false)
    expect(matches('{"__proto__":["x"]}', '{"__proto__":"x"}')).toBe(true)
  })

  it('survive arrays within arrays without end', () => {
    const deep = `{"a":${'['.repeat(100_000)}1${']'.repeat(100_000)}}`
    expect(matches({ a: [1] }, deep)).toBe(true)
  })
})

describe("AWS's table of formats", () => {
  const plain = '{"value":["wanted"]}'
  const json = '{"value":{"a":["wanted"]}}'
  const notUtf8 = Buffer.from([0xff, 0xfe])

  it.each([
    ['plain string against a plain pattern filters on it', plain, 'wanted', true],
    ['plain string against a plain pattern filters on it', plain, 'other', false],
    ['JSON against a JSON pattern filters on it', json, '{"a":"wanted"}', true],
    ['JSON against a JSON pattern filters on it', json, '{"a":"other"}', false],
    ['plain string against a JSON pattern is filtered on metadata only', json, 'other', true],
    ['JSON against a plain pattern is filtered on metadata only', plain, '{"a":"other"}', true],
    ['bytes that are not UTF-8 are filtered on metadata only', json, notUtf8, true],
    ['bytes that are not UTF-8 are filtered on metadata only', plain, notUtf8, true],
    ['anything without a pattern for the value is filtered on metadata only', '{"topic":["my-topic"]}', 'x', true],
    ['anything without a pattern for the value is filtered on metadata only', '{"topic":["other"]}', 'x', false],
  ])('%s: %s, %s', (_, pattern, value, expected) => {
    expect(matchesFilters([pattern], recordOf(value))).toBe(expected)
  })

  it('looks at the metadata even where the value is not looked at', () => {
    expect(matchesFilters(['{"value":{"a":["x"]},"partition":[0]}'], recordOf('plain'))).toBe(true)
    expect(matchesFilters(['{"value":{"a":["x"]},"partition":[1]}'], recordOf('plain'))).toBe(false)
    expect(matchesFilters(['{"offset":[{"numeric":[">=",16]}]}'], recordOf('x'))).toBe(false)
  })

  it('can be switched to dropping what does not fit', () => {
    const record: FilterableRecord = { ...base, timestampType: 'CREATE_TIME', value: Buffer.from('plain') }
    expect(compileFilters([json], { onFormatMismatch: 'drop' })(record)).toBe(false)
    expect(compileFilters([json])(record)).toBe(true)
  })

  it('takes a bare number, quoted text and broken JSON for plain strings', () => {
    expect(matchesFilters(['{"value":["42"]}'], recordOf('42'))).toBe(true)
    expect(matchesFilters(['{"value":["\\"x\\""]}'], recordOf('"x"'))).toBe(true)
    expect(matchesFilters(['{"value":[{"prefix":"{"}]}'], recordOf('{"a":'))).toBe(true)
  })

  it('takes the value of a tombstone for absent', () => {
    expect(matchesFilters([json], recordOf(null))).toBe(false)
    expect(matchesFilters(['{"value":[{"exists":false}]}'], recordOf(null))).toBe(true)
    expect(matchesFilters(['{"topic":["my-topic"]}'], recordOf(null))).toBe(true)
  })

  it('knows neither keys nor headers', () => {
    const record = { ...recordOf('x'), key: Buffer.from('k').toString('base64') }
    expect(matchesFilters(['{"key":[{"exists":true}]}'], record)).toBe(false)
  })
})

describe('whatever a record holds', () => {
  const every = ['null', '""', '1', '{"anything-but":["x"]}', '{"numeric":[">",9007199254740993]}', '{"exists":false}']
    .concat('{"prefix":"x"}', '{"wildcard":"*x*y"}', '{"cidr":"::/0"}', '{"equals-ignore-case":"x"}')
    .map((test) => `{"value":{"a":[${test}],"b.c":{"d":[${test}]}}}`)

  it('a pattern has an answer to it', () => {
    const value = fc.oneof(
      fc.json().map((text) => Buffer.from(text)),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc
        .dictionary(fc.constantFrom('a', 'b', 'c', 'b.c', 'b.c.d', 'd'), fc.jsonValue())
        .map((v) => Buffer.from(JSON.stringify(v))),
    )
    fc.assert(
      fc.property(value, fc.constantFrom(...every), (bytes, pattern) => {
        expect(typeof matchesFilters([pattern], recordOf(bytes))).toBe('boolean')
      }),
    )
  })

  it('a leaf matches itself, and not what anything but itself does', () => {
    const leaf = fc.oneof(fc.string(), fc.bigInt(), fc.double({ noNaN: true, noDefaultInfinity: true }))
    fc.assert(
      fc.property(leaf, (value) => {
        const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
        expect(matches(`{"a":[${text}]}`, `{"a":[0.5,{"b":1},[${text}]]}`)).toBe(true)
        expect(matches(`{"a":[{"anything-but":[${text}]}]}`, `{"a":${text}}`)).toBe(false)
      }),
    )
  })
})

describe('several patterns', () => {
  it('let through what matches one of them, and without a pattern everything', () => {
    const patterns = ['{"value":{"a":["x"]}}', '{"value":{"a":["y"]}}']
    expect(matchesFilters(patterns, recordOf('{"a":"y"}'))).toBe(true)
    expect(matchesFilters(patterns, recordOf('{"a":"z"}'))).toBe(false)
    expect(matchesFilters([], recordOf('{"a":"z"}'))).toBe(true)
  })

  it('may be ever new ones', () => {
    for (let n = 0; n < 2_000; n++) {
      expect(matchesFilters([`{"value":{"a":["${n}"]}}`], recordOf(`{"a":"${n}"}`))).toBe(true)
    }
  })
})

it.each([
  ['not JSON', '{'],
  ['not an object', '["a"]'],
  ['no field', '{}'],
  ['no field below', '{"value":{}}'],
  ['a leaf that is no array', '{"value":"x"}'],
  ['an empty array', '{"value":[]}'],
  ['an array in an array', '{"value":[["x"]]}'],
  ['an unknown operator', '{"value":[{"like":"x"}]}'],
  ['two operators in one', '{"value":[{"prefix":"x","suffix":"y"}]}'],
  ['$or with one alternative', '{"value":{"$or":[{"a":["x"]}]}}'],
  ['$or with an operator as a field', '{"value":{"$or":[{"prefix":["x"]},{"a":["y"]}]}}'],
  ['anything-but of mixed types', '{"value":[{"anything-but":["x",1]}]}'],
  ['anything-but of nothing', '{"value":[{"anything-but":[]}]}'],
  ['numeric without an operand', '{"value":[{"numeric":[">"]}]}'],
  ['numeric of a text', '{"value":[{"numeric":[">","10"]}]}'],
  ['numeric that begins with an upper bound', '{"value":[{"numeric":["<",10,">",1]}]}'],
  ['numeric whose bottom is its top', '{"value":[{"numeric":[">",10,"<",10]}]}'],
  ['exists of a text', '{"value":[{"exists":"true"}]}'],
  ['prefix of a number', '{"value":[{"prefix":1}]}'],
  ['wildcards side by side', '{"value":[{"wildcard":"a**"}]}'],
  ['wildcard with another escape', '{"value":[{"wildcard":"a\\\\n"}]}'],
  ['cidr of no address', '{"value":[{"cidr":"10.0.0/24"}]}'],
  ['cidr with too many bits', '{"value":[{"cidr":"10.0.0.0/33"}]}'],
  ['one path twice', '{"value":{"a.b":["x"],"a":{"b":["y"]}}}'],
  ['more than 4,096 characters', `{"value":["${'x'.repeat(4_096)}"]}`],
])("refuses %s in AWS's words", (_, pattern) => {
  const words = 'InvalidParameterValueException: Invalid filter pattern definition.'
  expect(() => compileFilters([pattern])).toThrow(words)
  expect(() => matchesFilters([pattern], recordOf('x'))).toThrow(words)
})
