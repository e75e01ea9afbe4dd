// The files that are written from the description, as texts by their paths.
import { stringify } from 'yaml'
import { running } from './containers.ts'
import { composeFile } from './docker/compose.ts'
import { autoscaleManifests, baseManifests } from './kubernetes/manifests.ts'

const base = 'infra/kubernetes/base'
const autoscale = 'infra/kubernetes/components/autoscale'

/** They hold such files and nothing else. */
export const generatedFolders = [base, autoscale]

const written = '# Written from infra/pipeline.ts by `npm run describe`; changes belong there.'

export function describedFiles(): Record<string, string> {
  return {
    'docker-compose.yml': `${written}\n#\n${composeIntroduction()}\n${yaml(composeFile())}`,
    ...folder(base, baseManifests(), { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' }),
    ...folder(autoscale, autoscaleManifests(), { apiVersion: 'kustomize.config.k8s.io/v1alpha1', kind: 'Component' }),
  }
}

/** The files of one folder, and the kustomization that names them. */
function folder(path: string, manifests: Record<string, object[]>, kind: object): Record<string, string> {
  const texts = Object.entries(manifests).map(([name, objects]) => [
    `${path}/${name}`,
    `${written}\n${objects.map(yaml).join('---\n')}`,
  ])
  const kustomization = yaml({ ...kind, resources: Object.keys(manifests) })
  return { ...Object.fromEntries(texts), [`${path}/kustomization.yaml`]: `${written}\n${kustomization}` }
}

/** Without references between parts, so that each is whole; quoted where the YAML of Go would read another type. */
function yaml(value: object): string {
  return stringify(value, { aliasDuplicateObjects: false, lineWidth: 0, version: '1.1' })
}

function composeIntroduction(): string {
  const lines = [
    'docker compose up                   everything; the link to the dashboard is in `docker compose logs first-run`',
    'docker compose up kafka             Kafka alone, for `npm run local -- --brokers localhost:9092`',
    'docker compose down --volumes       removes everything, the secrets too',
    '',
    ...running.map(({ name, about }) => `${name}: ${about}`),
  ]
  return lines.map((line) => `# ${line}`.trimEnd()).join('\n')
}
