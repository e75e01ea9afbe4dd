// The language in which each Kafka message is described once, as data; reader, writer and TypeScript type follow from it.

/** Values that Kafka's grammar calls primitive. `int64` is a JavaScript number: offsets and times stay below 2^53. */
export type Primitive = 'bool' | 'int8' | 'int16' | 'int32' | 'int64' | 'uuid' | 'string' | 'bytes' | 'records'

declare const readAs: unique symbol
declare const writtenAs: unique symbol

/** One field: what it holds, and which versions of the message carry it. */
export interface Field<Read = unknown, Write = Read> {
  readonly kind: Primitive | 'list' | 'struct'
  /** What one element of a list is, or the fields of a struct. */
  readonly of?: Struct | Field
  /** First and last version that carry the field. */
  readonly since: number
  readonly until: number
  /** First version in which null is allowed; Infinity when never. */
  readonly nullableSince: number
  /** A tagged field of flexible versions, written only when it differs from `absent`. */
  readonly tag: number | undefined
  /** What is read where the version does not carry the field, and written where the caller leaves it out. */
  readonly absent: unknown
  readonly [readAs]?: Read
  readonly [writtenAs]?: Write
}

// biome-ignore lint/suspicious/noExplicitAny: a struct holds fields of every type; `unknown` would refuse them
export type Struct = { readonly [name: string]: Field<any, any> }

interface FieldOptions<T> {
  since?: number
  until?: number
  /** First version in which null is allowed. */
  nullable?: number
  tag?: number
  /** Gives the field a value where nobody does, and so makes it optional for the one who writes. */
  absent?: T | null
}

type OrNull<T, O> = O extends { nullable: number } ? T | null : T
type OrLeftOut<T, O> = O extends { absent: unknown } ? T | undefined : T
type FieldOf<R, W, O> = Field<OrNull<R, O>, OrLeftOut<OrNull<W, O>, O>>

type OptionalNames<S extends Struct> = {
  [N in keyof S]: S[N] extends Field<unknown, infer W> ? (undefined extends W ? N : never) : never
}[keyof S]

/** What a reader returns: every field, whichever version came. */
export type ReadOf<S extends Struct> = { [N in keyof S]: S[N] extends Field<infer R, infer _W> ? R : never }

/** What a writer takes: fields with an `absent` value may be left out. */
export type WriteOf<S extends Struct> = {
  [N in Exclude<keyof S, OptionalNames<S>>]: S[N] extends Field<infer _R, infer W> ? W : never
} & { [N in OptionalNames<S>]?: S[N] extends Field<infer _R, infer W> ? W : never }

const zeroOf = {
  bool: false,
  int8: 0,
  int16: 0,
  int32: 0,
  int64: 0,
  uuid: '0'.repeat(32),
  string: '',
  bytes: Buffer.alloc(0),
  records: Buffer.alloc(0),
} as const satisfies Record<Primitive, unknown>

/** The topic id that means "none". */
export const noUuid: string = zeroOf.uuid

function field(kind: Field['kind'], of: Field['of'], zero: unknown, options: FieldOptions<unknown>): Field {
  const nullableSince = options.nullable ?? Number.POSITIVE_INFINITY
  return {
    kind,
    of,
    since: options.since ?? 0,
    until: options.until ?? Number.POSITIVE_INFINITY,
    nullableSince,
    tag: options.tag,
    absent: 'absent' in options ? options.absent : nullableSince < Number.POSITIVE_INFINITY ? null : zero,
  }
}

function primitive<T>(kind: Primitive) {
  return <const O extends FieldOptions<T>>(options?: O): FieldOf<T, T, O> =>
    field(kind, undefined, zeroOf[kind], options ?? {}) as FieldOf<T, T, O>
}

export const bool = primitive<boolean>('bool')
export const int8 = primitive<number>('int8')
export const int16 = primitive<number>('int16')
export const int32 = primitive<number>('int32')
export const int64 = primitive<number>('int64')
/** Sixteen bytes, as 32 hexadecimal digits. */
export const uuid = primitive<string>('uuid')
export const string = primitive<string>('string')
export const bytes = primitive<Buffer>('bytes')
/** Record batches: bytes that are passed on by reference, never copied into a response. */
export const records = primitive<Buffer>('records')

/** A list of structs. */
export function list<S extends Struct, const O extends FieldOptions<never[]>>(
  of: S,
  options?: O,
): FieldOf<ReadOf<S>[], WriteOf<S>[], O> {
  return field('list', of, [], options ?? {}) as FieldOf<ReadOf<S>[], WriteOf<S>[], O>
}

/** A list of primitives. */
export function listOf<T, const O extends FieldOptions<never[]>>(of: Field<T>, options?: O): FieldOf<T[], T[], O> {
  return field('list', of, [], options ?? {}) as FieldOf<T[], T[], O>
}

/** A struct in place; Kafka uses these for tagged fields only. */
export function struct<S extends Struct, const O extends FieldOptions<null>>(
  of: S,
  options?: O,
): FieldOf<ReadOf<S> | null, WriteOf<S> | null, O> {
  return field('struct', of, null, options ?? {}) as FieldOf<ReadOf<S> | null, WriteOf<S> | null, O>
}
