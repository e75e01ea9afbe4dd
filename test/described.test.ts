// Compose and Kubernetes run the pipeline that infra/pipeline.ts describes, bounded and closed. (For AWS: test/infra.)
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { describedFiles } from '../infra/described-files.ts'
import { type FunctionDescription, pipeline } from '../infra/pipeline.ts'
import { root } from '../local/runtime/bundle-entry.mjs'
import { describedBy, differences } from './targets/deployed.ts'
import { composeText, deployedByCompose, readCompose } from './targets/read-compose.ts'
import { deployedByManifests, ofKind, readManifests } from './targets/read-manifests.ts'

const compose = readCompose()
const base = readManifests('base')

it('the files that are written from the description are up to date: npm run describe', () => {
  for (const [file, text] of Object.entries(describedFiles())) {
    expect(readFileSync(join(root, file), 'utf8'), file).toBe(text)
  }
})

describe.each([
  ['Compose', deployedByCompose(compose)],
  ['Kubernetes', deployedByManifests(base)],
] as const)('%s', (_, deployed) => {
  it('gives functions the topics, limits and thresholds of the description', () => {
    const { topics, variables } = deployed
    expect(differences({ topics, variables }, describedBy())).toEqual([])
  })

  it('runs every mapping as its group, every schedule, and the steps of a deploy', () => {
    const { groups, scheduled, once } = deployed
    expect(groups).toEqual(
      Object.fromEntries(pipeline.mappings.map(({ name, consumerGroupId }) => [name, consumerGroupId])),
    )
    expect(scheduled).toEqual(pipeline.schedules.map((schedule) => schedule.function).sort())
    const functions = Object.entries(pipeline.functions) as [string, FunctionDescription][]
    expect(once).toEqual(functions.filter(([, { atDeploy }]) => atDeploy).map(([name]) => name))
  })
})

describe('docker-compose.yml', () => {
  const services = Object.entries(compose.services)
  const ours = services.filter(([, { build }]) => build)

  it('is what the Compose specification allows', () => {
    const schema = JSON.parse(readFileSync(join(root, 'test/compose/compose-spec.json'), 'utf8'))
    const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true })
    const validate = ajv.compile({ ...schema, $schema: undefined })
    expect(validate(compose), JSON.stringify(validate.errors)).toBe(true)
    expect(validate({ ...compose, services: { kafka: { image: 7 } } })).toBe(false)
  })

  it('publishes nothing beyond this machine, and lets the store out of the network of its own not at all', () => {
    const ports = services.flatMap(([, { ports = [] }]) => ports)
    expect(ports).toEqual(['127.0.0.1:9092:9092', '127.0.0.1:4000:4000'])
    expect(compose.networks.inside?.internal).toBe(true)
    expect(compose.services.postgres?.networks).toEqual(['inside'])
  })

  it('holds no secret and needs no variable of yours', () => {
    expect(composeText()).not.toMatch(/\$\{|PASSWORD: |_TOKEN: /)
    for (const [name, { environment = {} }] of services) {
      for (const [variable, value] of Object.entries(environment)) {
        expect(value, `${name} ${variable}`).not.toMatch(/:\/\/[^/@]*:[^/@]+@/)
      }
    }
  })

  it('starts in order: first the secrets, Kafka and the store, then the step of a deploy, then the rest', () => {
    expect(compose.services.kafka?.depends_on).toBeUndefined()
    for (const [name, { depends_on = {}, command = [] }] of ours.filter(([service]) => service !== 'first-run')) {
      expect(depends_on, name).toMatchObject({
        'first-run': { condition: 'service_completed_successfully' },
        kafka: { condition: 'service_healthy' },
        postgres: { condition: 'service_healthy' },
        ...(!command.includes('--once') && { migrate: { condition: 'service_completed_successfully' } }),
      })
    }
  })

  it.each(services)('%s is pinned, bounded and watched', (name, service) => {
    expect(service.image).toMatch(/^(freshet:local|[\w/]+:\d[\w.-]+)$/)
    expect(service.deploy.resources.limits).toMatchObject({
      cpus: expect.any(String),
      memory: expect.stringMatching(/^\d+M$/),
    })
    const runsOn = name !== 'first-run' && !service.command?.includes('--once')
    expect(service.healthcheck !== undefined).toBe(runsOn)
  })

  it.each(ours)('%s is nobody, and writes nowhere but to its volumes and memory', (_, service) => {
    expect(service).toMatchObject({
      user: '10001:10001',
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    })
  })
})

describe('the manifests', () => {
  const pods = base.filter(({ spec }) => spec?.template)

  it.each(pods.map((pod) => [pod.metadata.name, pod.spec.template.spec] as const))(
    '%s is nobody, bounded, and writes nowhere',
    (_, spec) => {
      expect(spec).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true } })
      for (const container of spec.containers) {
        expect(container.resources.limits.memory).toMatch(/^\d+Mi$/)
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
      }
    },
  )

  it('have a replica for each partition of a mapping, of which one may be away, and more than a function needs to end', () => {
    for (const { name, function: invoked, settings } of pipeline.mappings) {
      const deployment = ofKind(base, 'Deployment').find(({ metadata }) => metadata.name === name)
      const topic = settings.Topics[0] as keyof typeof pipeline.topics
      const { timeoutSeconds } = pipeline.functions[invoked as keyof typeof pipeline.functions]
      expect(deployment?.spec.replicas).toBe(pipeline.topics[topic].partitions)
      expect(deployment?.spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(timeoutSeconds)
      const budget = ofKind(base, 'PodDisruptionBudget').find(({ metadata }) => metadata.name === name)
      expect(budget?.spec.maxUnavailable).toBe(1)
      const [scaled] = readManifests('components/autoscale').filter(({ metadata }) => metadata.name === name)
      expect(scaled?.spec.maxReplicaCount).toBe(pipeline.topics[topic].partitions)
    }
  })

  it('take addresses and secrets by reference, and hold none', () => {
    expect(ofKind(base, 'Secret')).toEqual([])
    const text = JSON.stringify(base)
    expect(text).toContain('"secretKeyRef":{"name":"freshet","key":"store-url"}')
    expect(text).not.toMatch(/postgres:\/\//)
  })

  it('let nobody in but to the dashboard', () => {
    const policies = ofKind(base, 'NetworkPolicy').map(({ spec }) => [spec.podSelector.matchLabels, spec.ingress])
    expect(policies).toEqual([
      [{ 'app.kubernetes.io/part-of': 'freshet' }, []],
      [
        { 'app.kubernetes.io/name': 'dashboard', 'app.kubernetes.io/part-of': 'freshet' },
        [{ ports: [{ protocol: 'TCP', port: 4000 }] }],
      ],
    ])
  })
})
