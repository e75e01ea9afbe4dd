// The manifests as a cluster would be given them: built by kustomize, against the schemas of Kubernetes, KEDA
// and the Prometheus operator.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { root } from '../../local/runtime/bundle-entry.mjs'
import type { Manifest } from '../targets/read-manifests.ts'

const keda = { module: 'github.com/kedacore/keda/v2@v2.18.1', file: 'config/crd/bases/keda.sh_scaledobjects.yaml' }
const prometheus = {
  module: 'github.com/prometheus-operator/prometheus-operator@v0.76.2',
  file: 'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml',
}
const kustomizeModule = 'sigs.k8s.io/kustomize/kustomize/v5@v5.5.0'
const kubernetesVersion = '1.32'

const folder = mkdtempSync(join(tmpdir(), 'freshet-manifests-'))
afterAll(() => rmSync(folder, { recursive: true }))

const overlays = ['local', 'production'] as const
const built = new Map<string, Manifest[]>()
beforeAll(() => {
  for (const overlay of overlays) {
    const text = build(join(root, 'infra/kubernetes/overlays', overlay))
    built.set(
      overlay,
      parseAllDocuments(text).map((document) => document.toJS() as Manifest),
    )
  }
})
const objectsOf = (overlay: string) => built.get(overlay) ?? []

describe.each(overlays)('the overlay %s', (overlay) => {
  it('is what Kubernetes allows, field by field', () => {
    const own = objectsOf(overlay).filter(({ apiVersion }) => !/^(keda\.sh|monitoring\.coreos\.com)\//.test(apiVersion))
    const file = join(folder, `${overlay}.yaml`)
    writeFileSync(file, own.map((object) => JSON.stringify(object)).join('\n---\n'))
    const said = validate(file)
    expect(said.match(/ passed for resource /g)).toHaveLength(own.length)
  })

  it('names the config map that it makes, wherever it is read', () => {
    const maps = objectsOf(overlay)
      .filter(({ kind }) => kind === 'ConfigMap')
      .map(({ metadata }) => metadata.name)
    const read = objectsOf(overlay).flatMap(({ spec }) => spec?.template?.spec.containers ?? [])
    for (const { envFrom } of read as { envFrom: { configMapRef: { name: string } }[] }[]) {
      for (const { configMapRef } of envFrom) expect(maps).toContain(configMapRef.name)
    }
    expect(read.length).toBeGreaterThan(4)
  })
})

it('refuses a field that there is not', () => {
  const file = join(folder, 'wrong.yaml')
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, dataa: {} }))
  expect(() => validate(file)).toThrow()
})

it('scales by lag in production alone, in the form that KEDA takes', () => {
  const scaled = objectsOf('production').filter(({ kind }) => kind === 'ScaledObject')
  expect(scaled.length).toBeGreaterThan(0)
  expect(objectsOf('local').filter(({ kind }) => kind === 'ScaledObject')).toEqual([])
  const check = checkerOf(keda)
  for (const object of scaled) expect(check(object), JSON.stringify(check.errors)).toBe(true)
  expect(check({ ...scaled[0], spec: { triggers: 'none' } })).toBe(false)
})

it('is watched in production, in the form that the Prometheus operator takes', () => {
  const [monitor] = objectsOf('production').filter(({ kind }) => kind === 'ServiceMonitor')
  const check = checkerOf(prometheus)
  expect(check(monitor), JSON.stringify(check.errors)).toBe(true)
  expect(check({ ...monitor, spec: { endpoints: 'all' } })).toBe(false)
  const service = objectsOf('production').find(({ kind }) => kind === 'Service')
  expect(service?.metadata.labels).toMatchObject(monitor?.spec.selector.matchLabels)
})

it('keeps the simulated shop closed in production', () => {
  const shop = objectsOf('production').find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'producer',
  )
  expect(shop?.spec.replicas).toBe(0)
})

/** By kubectl's own kustomize; where there is no kubectl, by the same from its Go module. */
function build(overlay: string): string {
  const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0
  const [program, ...args] = hasKubectl ? ['kubectl', 'kustomize'] : ['go', 'run', kustomizeModule, 'build']
  return execFileSync(program as string, [...args, overlay], { encoding: 'utf8', stdio: 'pipe' })
}

/** PyPI's kubernetes-validate brings the schemas with it. KUBERNETES_VALIDATE names the program where it is not on the path. */
function validate(file: string): string {
  const { KUBERNETES_VALIDATE: program = 'kubernetes-validate' } = process.env
  return execFileSync(program, ['--strict', '-k', kubernetesVersion, file], { encoding: 'utf8', stdio: 'pipe' })
}

/** From the custom resource's definition, which is in its project's Go module. */
function checkerOf({ module, file }: { module: string; file: string }) {
  const options = { encoding: 'utf8', env: { ...process.env, GOFLAGS: '-mod=mod' }, cwd: folder } as const
  const { Dir } = JSON.parse(execFileSync('go', ['mod', 'download', '-json', module], options)) as { Dir: string }
  const { openAPIV3Schema } = parse(readFileSync(join(Dir, file), 'utf8')).spec.versions[0].schema
  return new Ajv({ strict: false, validateFormats: false }).compile(openAPIV3Schema)
}
