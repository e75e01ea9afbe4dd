// What a schema makes of the bytes behind its id, whatever its language.

/** A schema that another one imports, under the name by which it does. */
export interface SchemaReference {
  name: string
  text: string
}

export interface Codec {
  /**
   * The JSON text of a payload.
   *
   * @throws Error when the payload does not fit the schema
   */
  toJson(payload: Buffer): string
}

/** Imported schemas come before those that import them. @throws Error when the schema itself is not one. */
export type CompileSchema = (text: string, references: readonly SchemaReference[]) => Codec
