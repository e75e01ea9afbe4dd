// JSON Schema: a payload is JSON already, and only has to fit.
import { Ajv, type AnySchemaObject } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Codec, SchemaReference } from './codec.ts'

/** Drafts 2019-09 and 2020-12 are known by `$schema`; everything else is taken for draft 7. */
export function compileJsonSchema(text: string, references: readonly SchemaReference[]): Codec {
  const schema: AnySchemaObject | boolean = JSON.parse(text)
  const ajv = ajvFor(typeof schema === 'object' ? String(schema.$schema ?? '') : '')
  for (const { name, text: imported } of references) ajv.addSchema(JSON.parse(imported), name)
  const validate = ajv.compile(schema)
  return {
    toJson(payload) {
      const json = new TextDecoder('utf-8', { fatal: true }).decode(payload)
      if (validate(JSON.parse(json))) return json
      throw new Error(ajv.errorsText(validate.errors, { dataVar: 'value' }))
    },
  }
}

function ajvFor(draft: string): Ajv {
  // Registries keep schemas with keywords of their makers, such as `javaType`, and formats are notes in most of them.
  const options = { strict: false, validateFormats: false, logger: false } as const
  if (draft.includes('2020-12')) return new Ajv2020(options) as unknown as Ajv
  if (draft.includes('2019-09')) return new Ajv2019(options) as unknown as Ajv
  return new Ajv(options)
}
