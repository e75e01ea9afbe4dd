// The resources that `sst deploy` would ask AWS for, against the description and against what must never be.
import { beforeAll, describe, expect, it } from 'vitest'
import { type FunctionDescription, pipeline } from '../../infra/pipeline.ts'
import { describedBy, differences } from '../targets/deployed.ts'
import { deployedBy, functionOf, type Graph, grantedBy, ofType, readGraph, statementsOf } from './read-graph.ts'

let graph: Graph
beforeAll(async () => {
  graph = await readGraph('test')
})

const described = Object.entries(pipeline.functions) as [string, FunctionDescription][]
const rolesOf = (name: string) => {
  const role = ofType(graph, 'aws:iam/role:Role').find(({ parent }) => functionOf(parent ?? '') === name)
  if (!role) throw new Error(`no role for ${name}`)
  return role
}
const actionsOf = (name: string) => new Set(grantedBy(rolesOf(name)).flatMap(({ Action }) => Action))
/** What the secret holds that a variable names. */
const secretOf = (variable: string) => {
  const [, name, version] = /:secret:(\w+)-AbCdEf:::([\w-]{32,64})$/.exec(variable) ?? []
  const found = ofType(graph, 'aws:secretsmanager/secretVersion:SecretVersion').find(
    (one) => one.name === `${name}Version`,
  )
  return version && found?.inputs.secretString
}
const bundleOf = (name: string) => graph.builds.find((built) => functionOf(built.name) === name)

describe('the description', () => {
  it('is what is deployed: topics, functions, mappings, schedules and variables', () => {
    expect(differences(deployedBy(graph), describedBy())).toEqual([])
  })

  const mutations: [string, (changed: typeof pipeline) => unknown][] = [
    ['a batch size', ({ mappings: [first] }) => Object.assign(first?.settings ?? {}, { BatchSize: 7 })],
    ['a group', ({ mappings: [first] }) => Object.assign(first ?? {}, { consumerGroupId: 'another' })],
    ['a time-out', ({ functions }) => Object.assign(functions.consumer, { timeoutSeconds: 1 })],
    ['a schedule', ({ schedules: [first] }) => Object.assign(first ?? {}, { rate: 'rate(5 minutes)' })],
    ['a topic', ({ topics }) => Object.assign(topics['retail-events'], { partitions: 9 })],
  ]
  it.each(mutations)('cannot change by %s without this noticing', (_, mutate) => {
    const changed = structuredClone(pipeline)
    mutate(changed)
    expect(differences(deployedBy(graph), describedBy(changed))).not.toEqual([])
  })

  it('draws the alarms at the lines of the dashboard', () => {
    const { lagSecondsMax, errorRateMax, newestEventAgeSecondsMax } = pipeline.alarms
    const alarms = ofType(graph, 'aws:cloudwatch/metricAlarm:MetricAlarm').map(({ inputs }) => inputs)
    const lineOf = (metric: string) => new Set(alarms.filter((a) => a.metricName === metric).map((a) => a.threshold))
    expect(lineOf('EstimatedMaxTimeLag')).toEqual(new Set([lagSecondsMax]))
    expect(lineOf('ErrorRate')).toEqual(new Set([errorRateMax]))
    expect(lineOf('NewestEventAgeSeconds')).toEqual(new Set([newestEventAgeSecondsMax]))
    expect(alarms.filter(({ metricName }) => metricName === 'Errors')).toHaveLength(described.length)
    for (const alarm of alarms) expect(alarm.alarmActions).toHaveLength(1)
  })

  it('calls for every group that is behind, every batch that fails for long, and everything that is given up', () => {
    const alarms = ofType(graph, 'aws:cloudwatch/metricAlarm:MetricAlarm').map(({ inputs }) => inputs)
    const on = (metric: string) => alarms.filter(({ metricName }) => metricName === metric)
    const lags = on('EstimatedMaxTimeLag').map(({ dimensions }) => [dimensions['Consumer Group'], dimensions.Topic])
    const read = pipeline.mappings.map(({ consumerGroupId, settings }) => [consumerGroupId, settings.Topics[0]])
    expect(lags.sort()).toEqual(read.sort())
    const mapped = new Set(pipeline.mappings.map((mapping) => mapping.function))
    const minutes = Object.fromEntries(on('Errors').map((a) => [a.dimensions.FunctionName, a.evaluationPeriods]))
    for (const [name] of described) {
      const [found] = Object.entries(minutes).filter(([full]) =>
        full.toLowerCase().includes(`-${name.replace('-', '')}function`),
      )
      expect([name, found?.[1]]).toEqual([name, mapped.has(name) ? pipeline.alarms.retryMinutesMax : 1])
    }
    const giving = pipeline.mappings.filter(({ settings }) => settings.DestinationConfig)
    expect(on('OnFailureDestinationDeliveredEventCount')).toHaveLength(giving.length)
    expect(on('Url5xxCount').map(({ dimensions }) => dimensions.FunctionName)).toEqual([expect.stringContaining('Api')])
    // Silence of what the lag function says each minute is alarming itself.
    for (const metric of ['NewestEventAgeSeconds', 'ErrorRate']) {
      expect(on(metric).map(({ treatMissingData }) => treatMissingData)).toEqual(['breaching'])
    }
  })

  it('keeps no log for ever', () => {
    const kept = ofType(graph, 'aws:cloudwatch/logGroup:LogGroup').map(({ inputs }) => inputs)
    for (const { name, retentionInDays } of kept) expect([name, retentionInDays]).toEqual([name, 7])
    const [store] = ofType(graph, 'aws:rds/cluster:Cluster')
    for (const log of store?.inputs.enabledCloudwatchLogsExports ?? []) {
      expect(kept.map(({ name }) => name)).toContain(`/aws/rds/cluster/${store?.inputs.clusterIdentifier}/${log}`)
    }
  })

  it('fits into the 4 KB that Lambda has for the variables of a function', () => {
    for (const { inputs, parent } of ofType(graph, 'aws:lambda/function:Function')) {
      const variables = Object.entries((inputs.environment?.variables ?? {}) as Record<string, string>)
      const bytes = variables.reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value), 0)
      expect(bytes, parent).toBeLessThan(4096)
    }
  })

  it('lets nothing be new before the step of the deploy has ended', () => {
    const steps = ofType(graph, 'aws:lambda/invocation:Invocation')
    expect(steps.map(({ inputs }) => inputs.functionName)).toEqual([expect.stringContaining('MigrateFunction')])
    expect(steps[0]?.inputs.triggers.code).toMatch(/\.zip$/)
  })
})

describe('roles', () => {
  it('grant no action by a wildcard, and every resource only to what EC2 describes', () => {
    for (const role of ofType(graph, 'aws:iam/role:Role')) {
      for (const { Action, Resource } of grantedBy(role)) {
        expect(
          Action.filter((action) => action.includes('*')),
          role.name,
        ).toEqual([])
        const isAll = Resource.some((resource) => resource.includes('*'))
        if (isAll)
          expect(
            Action.filter((action) => !action.startsWith('ec2:Describe')),
            role.name,
          ).toEqual([])
      }
    }
  })

  it('are taken by AWS services alone', () => {
    for (const role of ofType(graph, 'aws:iam/role:Role')) {
      for (const { Principal } of statementsOf(role.inputs.assumeRolePolicy)) {
        expect(Object.keys(Principal as object), role.name).toEqual(['Service'])
      }
    }
  })

  it.each(described)('of %s grants what its code uses, and nothing else', (name, { uses = {} }) => {
    const inputs = bundleOf(name)?.inputs ?? []
    const holds = (file: string) => inputs.includes(file)
    const mapped = pipeline.mappings.some((mapping) => mapping.function === name)
    const actions = actionsOf(name)
    // The code decides: an import that the description does not speak of would fail in the cloud only.
    expect(uses.store === true, 'store').toBe(holds('functions/store/open.ts'))
    expect(uses.publishes !== undefined, 'publishes').toBe(holds('functions/kafka/publish.ts'))
    expect(uses.watches === true, 'watches').toBe(holds('functions/kafka/offsets.ts'))
    expect(actions.has('kafka-cluster:WriteData')).toBe(uses.publishes !== undefined)
    expect(actions.has('kafka-cluster:CreateTopic')).toBe(uses.administers === true)
    expect(actions.has('kafka-cluster:AlterGroup')).toBe(mapped)
    expect(uses.reads !== undefined, 'reads').toBe(holds('functions/kafka/read-range.ts') && uses.watches !== true)
    expect(actions.has('kafka-cluster:ReadData')).toBe(mapped || uses.reads !== undefined || uses.watches === true)
    expect(bundleOf(name)?.links).toEqual(
      uses.store ? expect.arrayContaining(['Store']) : expect.not.arrayContaining(['Store']),
    )
  })
})

describe('the network', () => {
  it('lets nobody in from outside', () => {
    const groups = ['aws:ec2/securityGroup:SecurityGroup', 'aws:ec2/defaultSecurityGroup:DefaultSecurityGroup']
    for (const group of groups.flatMap((type) => ofType(graph, type))) {
      for (const { cidrBlocks = [] } of group.inputs.ingress ?? [])
        expect(cidrBlocks, group.name).toEqual(['10.0.0.0/16'])
    }
    const ways = ofType(graph, 'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule')
    for (const { inputs, name } of ways) {
      expect([inputs.cidrIpv4, inputs.cidrIpv6], name).toEqual([undefined, undefined])
      expect(inputs.referencedSecurityGroupId, name).toBeTruthy()
    }
    expect(ways.map(({ inputs }) => inputs.fromPort).sort()).toEqual([5432, 9098, 9098])
  })

  it('has one public address: the router, which alone may call the API and read the page', () => {
    for (const { inputs } of ofType(graph, 'aws:lambda/functionUrl:FunctionUrl')) {
      expect(inputs.authorizationType).toBe('AWS_IAM')
    }
    for (const { inputs } of ofType(graph, 'aws:lambda/permission:Permission')) {
      expect(inputs.principal).toBe('cloudfront.amazonaws.com')
      expect(inputs.sourceArn).toContain(':RouterCdnDistribution')
    }
    for (const { inputs } of ofType(graph, 'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock')) {
      expect(inputs).toMatchObject({ blockPublicAcls: true, blockPublicPolicy: true, restrictPublicBuckets: true })
    }
    const buckets = ofType(graph, 'aws:s3/bucket:Bucket')
    expect(ofType(graph, 'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock')).toHaveLength(buckets.length)
    expect(ofType(graph, 'aws:cloudfront/distribution:Distribution')).toHaveLength(1)
    expect(ofType(graph, 'aws:apigatewayv2/api:Api')).toEqual([])
    for (const { inputs } of ofType(graph, 'aws:ec2/subnet:Subnet').filter(({ name }) => name.includes('Private'))) {
      expect(inputs.mapPublicIpOnLaunch ?? false).toBe(false)
    }
  })

  it('hands the API what a client sent, its headers and its cookie, and keeps no answer for another', () => {
    const [router] = ofType(graph, 'aws:cloudfront/distribution:Distribution')
    const { originRequestPolicyId, defaultTtl, viewerProtocolPolicy } = router?.inputs.defaultCacheBehavior ?? {}
    // Managed-AllViewerExceptHostHeader: the token's header is among them.
    expect(originRequestPolicyId).toBe('b689b0a8-53d0-40ab-baf2-68738e2966ac')
    expect([defaultTtl ?? 0, viewerProtocolPolicy]).toEqual([0, 'redirect-to-https'])
    const [policy] = ofType(graph, 'aws:cloudfront/cachePolicy:CachePolicy')
    // Answers of the API say themselves that nobody may keep them; one that says nothing is not kept either.
    expect(policy?.inputs).toMatchObject({ minTtl: 0, defaultTtl: 0 })
  })

  it('speaks TLS and IAM to Kafka, verified TLS to the store, and keeps both encrypted', () => {
    const [kafka] = ofType(graph, 'aws:msk/cluster:Cluster')
    expect(kafka?.inputs).toMatchObject({
      clientAuthentication: { sasl: { iam: true }, unauthenticated: false },
      encryptionInfo: { encryptionInTransit: { clientBroker: 'TLS', inCluster: true } },
    })
    expect(kafka?.inputs.brokerNodeGroupInfo.connectivityInfo).toBeUndefined()
    const [store] = ofType(graph, 'aws:rds/cluster:Cluster')
    expect(store?.inputs).toMatchObject({ storageEncrypted: true, vpcSecurityGroupIds: ['StoreSecurityGroup-id'] })
    for (const { inputs } of ofType(graph, 'aws:rds/clusterInstance:ClusterInstance')) {
      expect(inputs.publiclyAccessible ?? false).toBe(false)
    }
    const { variables } = ofType(graph, 'aws:lambda/function:Function').find(({ parent }) => parent === 'Consumer')
      ?.inputs.environment ?? { variables: {} }
    expect(secretOf(variables.STORE_URL_SECRET_ARN)).toMatch(/^postgres:.*\?sslmode=verify-full$/)
    expect(variables.NODE_EXTRA_CA_CERTS).toBe('/var/runtime/ca-cert.pem')
  })
})

describe('secrets', () => {
  it('stop a deploy that lacks them', async () => {
    await expect(readGraph('without-secrets', {})).rejects.toThrow('ApiToken')
  })

  it("are no function's variables: those hold their names, with the version of this deploy", () => {
    for (const { inputs, parent } of ofType(graph, 'aws:lambda/function:Function')) {
      const variables: Record<string, string> = inputs.environment?.variables ?? {}
      expect(JSON.stringify(variables), parent).not.toMatch(/a-token-of-the-tests-own|a-password/)
      for (const [name, value] of Object.entries(variables).filter(([name]) => name.endsWith('_SECRET_ARN'))) {
        expect([parent, name, secretOf(value)]).toEqual([parent, name, expect.any(String)])
      }
    }
    const api = ofType(graph, 'aws:lambda/function:Function').find(({ parent }) => parent === 'Api')
    expect(secretOf(api?.inputs.environment.variables.API_TOKEN_SECRET_ARN)).toBe('a-token-of-the-tests-own')
  })

  it.each(described)('of %s are those that its code asks for, one by one', (name, { uses = {}, route }) => {
    const readable = grantedBy(rolesOf(name)).filter(({ Action }) => Action.includes('secretsmanager:GetSecretValue'))
    const arns = readable.flatMap(({ Resource }) => Resource).map((arn) => /:secret:(\w+)-/.exec(arn)?.[1])
    expect(arns.sort()).toEqual([...(uses.store ? ['StoreSecret'] : []), ...(route ? ['TokenSecret'] : [])])
    expect(uses.store === true, 'reads secrets').toBe(bundleOf(name)?.inputs.includes('functions/aws/secrets.ts'))
  })
})
