// A pod as all of ours are: one image, nobody's privileges, nothing written, everything bounded.
import { userId } from '../containers.ts'

const image = 'freshet'

export interface PodOptions {
  labels: Record<string, string>
  stopSeconds: number
  /** Keep replicas on different nodes where there are some. */
  spread?: boolean
  containers: object[]
}

export function podOf({ labels, stopSeconds, spread = false, containers }: PodOptions) {
  return {
    metadata: { labels },
    spec: {
      serviceAccountName: 'freshet',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: stopSeconds,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: userId,
        runAsGroup: userId,
        fsGroup: userId,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      ...(spread && {
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'kubernetes.io/hostname',
            whenUnsatisfiable: 'ScheduleAnyway',
            labelSelector: { matchLabels: labels },
          },
        ],
      }),
      containers,
      volumes: [
        { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
        { name: 'secrets', secret: { secretName: 'freshet', items: [{ key: 'api-token', path: 'api-token' }] } },
      ],
    },
  }
}

export interface ContainerOptions {
  name: string
  command: string[]
  memoryMB: number
  variables?: Record<string, string>
  /** It reads the dashboard's token. */
  token?: boolean
}

/** Where Kafka is stands in the config map `freshet`, where the store is in the secret `freshet`: both are the overlay's. */
export function securedContainer({ name, command, memoryMB, variables = {}, token = false }: ContainerOptions): object {
  return {
    name,
    image,
    args: command,
    envFrom: [{ configMapRef: { name: 'pipeline' } }, { configMapRef: { name: 'freshet' } }],
    env: [
      { name: 'STORE_URL', valueFrom: { secretKeyRef: { name: 'freshet', key: 'store-url' } } },
      ...Object.entries(variables).map(([variable, value]) => ({ name: variable, value })),
    ],
    resources: {
      requests: { cpu: '100m', memory: `${Math.min(memoryMB, 256)}Mi` },
      limits: { memory: `${memoryMB}Mi` },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      ...(token ? [{ name: 'secrets', mountPath: '/secrets/own', readOnly: true }] : []),
    ],
  }
}
