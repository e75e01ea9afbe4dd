import { expect, it } from 'vitest'
import type { InvokeResult } from '../runtime/invoke-result.ts'
import { poisonHeader } from './fault.ts'
import { faultyFunction } from './faulty-function.ts'

const figures = { requestId: 'r-1', durationMs: 3, coldStart: false, memoryUsedMB: 20 }

function invoked() {
  const calls: string[] = []
  const faulty = faultyFunction({
    async invoke(event): Promise<InvokeResult> {
      calls.push(event)
      return { kind: 'ok', payload: '{}', ...figures }
    },
    async abort() {
      calls.push('aborted')
    },
  })
  return { calls, faulty }
}

const plain = JSON.stringify({ records: { 't-0': [{ value: 'eA==', headers: [] }] } })
const poisoned = JSON.stringify({ records: { 't-0': [{ value: 'eA==', headers: [{ [poisonHeader]: [49] }] }] } })

it('passes everything on while it is well', async () => {
  const { faulty } = invoked()
  expect((await faulty.invoke(poisoned)).kind).toBe('ok')
})

it('does the work and loses the answer with its environment when it crashes', async () => {
  const { calls, faulty } = invoked()
  faulty.fault = 'crash'
  expect(await faulty.invoke(plain)).toMatchObject({ kind: 'function-error', errorType: 'Runtime.ExitError' })
  expect(calls).toEqual([plain, 'aborted'])
})

it('fails over a poisoned record alone, and without touching it', async () => {
  const { calls, faulty } = invoked()
  faulty.fault = 'poison'
  expect(await faulty.invoke(poisoned)).toMatchObject({ kind: 'function-error', errorType: 'PoisonedBatch' })
  expect(calls).toEqual([])
  expect((await faulty.invoke(plain)).kind).toBe('ok')
})
