// Stages differ where infra/aws/stage.ts says so, and nowhere else.
import { beforeAll, expect, it } from 'vitest'
import { describedBy, differences } from '../targets/deployed.ts'
import { deployedBy, type Graph, ofType, readGraph } from './read-graph.ts'

let personal: Graph
let staging: Graph
let production: Graph
beforeAll(async () => {
  personal = await readGraph('somebody')
  staging = await readGraph('staging')
  production = await readGraph('production')
})

it('run the same pipeline in each', () => {
  for (const graph of [personal, staging, production]) {
    expect(differences(deployedBy(graph), describedBy()), graph.app.stage).toEqual([])
  }
})

it('keep production: nothing of it that holds data goes by accident', () => {
  expect(production.app).toMatchObject({ removal: 'retain', protect: true })
  const [kafka] = ofType(production, 'aws:msk/cluster:Cluster')
  const [store] = ofType(production, 'aws:rds/cluster:Cluster')
  expect([kafka?.protect, kafka?.retainOnDelete, store?.protect]).toEqual([true, true, true])
  for (const name of ['StoreSecret', 'TokenSecret']) {
    const secret = ofType(production, 'aws:secretsmanager/secret:Secret').find((one) => one.name === name)
    expect(secret?.inputs.recoveryWindowInDays).toBe(30)
  }
  expect(store?.inputs).toMatchObject({
    deletionProtection: true,
    skipFinalSnapshot: false,
    finalSnapshotIdentifier: 'freshet-production-last',
    backupRetentionPeriod: 14,
  })
})

it('remove every other stage with all that is in it', () => {
  for (const graph of [personal, staging]) {
    expect(graph.app).toMatchObject({ removal: 'remove', protect: false })
    expect(graph.resources.filter(({ protect, retainOnDelete }) => protect || retainOnDelete)).toEqual([])
    expect(ofType(graph, 'aws:rds/cluster:Cluster')[0]?.inputs).toMatchObject({ deletionProtection: false })
  }
})

it('have a Kafka that survives a zone in production, one that scales by itself in staging, and a small one elsewhere', () => {
  const sizeOf = (graph: Graph) => ofType(graph, 'aws:msk/cluster:Cluster')[0]?.inputs.numberOfBrokerNodes
  expect([sizeOf(personal), sizeOf(production)]).toEqual([2, 3])
  expect(ofType(staging, 'aws:msk/serverlessCluster:ServerlessCluster')[0]?.inputs).toMatchObject({
    clientAuthentication: { sasl: { iam: { enabled: true } } },
  })
})

it('differ in no other kind of resource', () => {
  const kinds = (graph: Graph) => new Set(graph.resources.map(({ type }) => type))
  const difference = (a: Set<string>, b: Set<string>) => [...a].filter((type) => !b.has(type)).sort()
  expect(difference(kinds(production), kinds(personal))).toEqual(['aws:ec2/natGateway:NatGateway'])
  expect(difference(kinds(personal), kinds(production))).toEqual([
    'aws:ec2/eipAssociation:EipAssociation',
    'aws:ec2/instance:Instance',
    'aws:iam/instanceProfile:InstanceProfile',
  ])
  expect(difference(kinds(staging), kinds(personal))).toEqual(['aws:msk/serverlessCluster:ServerlessCluster'])
  expect(difference(kinds(personal), kinds(staging))).toEqual([
    'aws:msk/cluster:Cluster',
    'aws:msk/configuration:Configuration',
  ])
})
