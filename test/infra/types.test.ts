// The templates against SST's and Pulumi's own types.
import { execFile } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { root } from '../../local/runtime/bundle-entry.mjs'

/** Beside SST's unpacked source, which nobody commits. */
const wrong = join(root, '.sst/wrong.ts')
const project = join(root, '.sst/wrong.json')

afterAll(() => {
  for (const file of [wrong, project]) rmSync(file, { force: true })
})

it('type-check, and an argument that there is not does not', async () => {
  writeFileSync(
    wrong,
    `/// <reference path="./platform/config.d.ts" />
    new sst.aws.Vpc('Vpc', { bastionn: true })
    new aws.lambda.EventSourceMapping('Mapping', { functionName: 'f', batchSize: 'many' })`,
  )
  writeFileSync(
    project,
    JSON.stringify({
      extends: '../infra/aws/tsconfig.json',
      include: ['../sst.config.ts', '../infra/aws', 'wrong.ts'],
    }),
  )
  const complaints = (await typeCheck()).split('\n').filter((line) => line.includes('error'))
  expect(complaints).toEqual([
    expect.stringMatching(/^\.sst\/wrong\.ts.*bastionn/),
    expect.stringMatching(/^\.sst\/wrong\.ts.*'string' is not assignable/),
  ])
})

function typeCheck(): Promise<string> {
  const args = ['node_modules/typescript/bin/tsc', '-p', project, '--pretty', 'false']
  return new Promise((done) => {
    execFile(process.execPath, args, { cwd: root, maxBuffer: 2 ** 24 }, (_, out) => done(out))
  })
}
