// The Kubernetes objects of the description, as plain data by file name. The overlays beside it are written by hand.
import {
  apiPort,
  type Container,
  dashboard,
  healthPort,
  mappingContainers,
  running,
  sharedVariables,
  steps,
} from '../containers.ts'
import { pipeline } from '../pipeline.ts'
import { podOf, securedContainer } from './pod.ts'

const partOf = { 'app.kubernetes.io/part-of': 'freshet' }
const labelsOf = (name: string) => ({ 'app.kubernetes.io/name': name, ...partOf })

/** By file name, in the order of kustomization.yaml. */
export function baseManifests(): Record<string, object[]> {
  return {
    'configuration.yaml': [configuration(), serviceAccount()],
    'migrate.yaml': steps.map(job),
    ...Object.fromEntries(running.map((container) => [`${container.name}.yaml`, workload(container)])),
    'network.yaml': network(),
  }
}

/** The manifests of the component that scales mappings by their lag, never beyond the partitions that there are. */
export function autoscaleManifests(): Record<string, object[]> {
  return { 'scaled-objects.yaml': pipeline.mappings.map(scaledObject) }
}

function configuration(): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: named('pipeline'), data: sharedVariables() }
}

function serviceAccount(): object {
  // Nothing of ours asks Kubernetes for anything.
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: named('freshet'), automountServiceAccountToken: false }
}

/** A finished one is removed; a deploy brings it again. */
function job({ name, command, memoryMB }: (typeof steps)[number]): object {
  const template = podOf({
    labels: labelsOf(name),
    stopSeconds: 30,
    containers: [securedContainer({ name, command, memoryMB })],
  })
  Object.assign(template.spec, { restartPolicy: 'OnFailure' })
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: named(name),
    spec: { backoffLimit: 10, activeDeadlineSeconds: 1800, ttlSecondsAfterFinished: 600, template },
  }
}

function workload(container: Container): object[] {
  const isMapping = mappingContainers.includes(container)
  return [
    deployment(container),
    ...(isMapping ? [disruptionBudget(container)] : []),
    ...(container === dashboard ? [disruptionBudget(container), service(container)] : []),
  ]
}

function deployment(container: Container): object {
  const { name, command, memoryMB, stopSeconds, ready, live, replicas, variables } = container
  const isShared = mappingContainers.includes(container) || container === dashboard
  const labels = labelsOf(name)
  const [, port = healthPort, readyPath] = /^:(\d+)(.*)$/.exec(ready) ?? []
  const livePath = live.replace(/^:\d+/, '')
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: named(name),
    spec: {
      replicas,
      selector: { matchLabels: labels },
      // One at a time, and none beside the old ones: each that comes or goes makes the group share anew. What is on a
      // schedule must not run twice at once.
      strategy: isShared
        ? { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } }
        : { type: 'Recreate' },
      template: podOf({
        labels,
        stopSeconds,
        spread: isShared,
        containers: [
          {
            ...securedContainer({ name, command, memoryMB, variables, token: container === dashboard }),
            ports: [{ name: 'http', containerPort: Number(port) }],
            startupProbe: probe(livePath, { periodSeconds: 2, failureThreshold: 60 }),
            readinessProbe: probe(readyPath ?? '/', { periodSeconds: 5, failureThreshold: 2 }),
            livenessProbe: probe(livePath, { periodSeconds: 10, failureThreshold: 3 }),
          },
        ],
      }),
    },
  }
}

function probe(path: string, often: { periodSeconds: number; failureThreshold: number }): object {
  return { httpGet: { path, port: 'http' }, timeoutSeconds: 3, ...often }
}

function disruptionBudget({ name }: Container): object {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: named(name),
    spec: { maxUnavailable: 1, selector: { matchLabels: labelsOf(name) } },
  }
}

function service({ name }: Container): object {
  const ports = [{ name: 'http', port: apiPort, targetPort: 'http' }]
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...named(name), labels: labelsOf(name) },
    spec: { selector: labelsOf(name), ports },
  }
}

/** Kafka's (plain, TLS and IAM), Postgres', names, and AWS's own services where Kafka is MSK. */
const portsOut = [9092, 9093, 9094, 9098, 5432, 443]

/** Nobody comes in but to the dashboard; what goes out goes to Kafka, the store and the names' server. */
function network(): object[] {
  const policy = (name: string, spec: object) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: named(name),
    spec,
  })
  return [
    policy('freshet', {
      podSelector: { matchLabels: partOf },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [],
      egress: [
        { ports: portsOut.map((port) => ({ protocol: 'TCP', port })) },
        { ports: ['UDP', 'TCP'].map((protocol) => ({ protocol, port: 53 })) },
      ],
    }),
    policy('dashboard', {
      podSelector: { matchLabels: labelsOf('dashboard') },
      policyTypes: ['Ingress'],
      ingress: [{ ports: [{ protocol: 'TCP', port: apiPort }] }],
    }),
  ]
}

/** Messages behind for each replica before another is started. */
const lagThreshold = 10_000

function scaledObject({ name, consumerGroupId, settings }: (typeof pipeline.mappings)[number]): object {
  const topic = settings.Topics[0]
  const { partitions } = (pipeline.topics as Record<string, { partitions: number }>)[topic] ?? { partitions: 1 }
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: named(name),
    spec: {
      scaleTargetRef: { name },
      minReplicaCount: 1,
      // More would only stand by.
      maxReplicaCount: partitions,
      cooldownPeriod: 300,
      triggers: [
        {
          type: 'kafka',
          metadata: {
            bootstrapServersFromEnv: 'KAFKA_BOOTSTRAP_SERVERS',
            consumerGroup: consumerGroupId,
            topic,
            lagThreshold: String(lagThreshold),
            offsetResetPolicy: settings.StartingPosition === 'LATEST' ? 'latest' : 'earliest',
          },
        },
      ],
    },
  }
}

function named(name: string): { name: string; labels: Record<string, string> } {
  return { name, labels: partOf }
}
