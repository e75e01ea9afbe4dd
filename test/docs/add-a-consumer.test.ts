// docs/add-a-consumer.md, written down to the letter in a copy of the project.
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bundleHandler } from '../../local/runtime/bundle.ts'
import { blocksOf, copyProject, insertAfter, typeCheck, write } from './copy.ts'

let folder: string
beforeAll(() => {
  folder = copyProject()
  const [handler = '', described = '', mapping = ''] = blocksOf('add-a-consumer.md')
  write(folder, 'functions/large-orders/handler.ts', handler)
  insertAfter(folder, 'infra/pipeline.ts', '  functions: {', described)
  insertAfter(folder, 'infra/pipeline.ts', '  mappings: [', mapping)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('fits what is there', () => typeCheck(folder))

it('is a handler that can be bundled', async () => {
  const { result } = await bundleHandler(`${folder}/functions/large-orders/handler.handler`)
  expect(result).not.toBeInstanceOf(Error)
})
