// What AWS would answer, for the few fields that SST's components and ours read back.

const account = '123456789012'
const bytes = Buffer.alloc(32, 7)

interface Asked {
  type: string
  name: string
  inputs: Record<string, unknown>
  region: string
}

/** The fields that a resource of this type is given by AWS. */
export function stateOf({ type, name, inputs, region }: Asked): Record<string, unknown> {
  const id = name.toLowerCase()
  const cluster = () => ({
    clusterName: inputs.clusterName ?? name,
    arn: `arn:aws:kafka:${region}:${account}:cluster/${inputs.clusterName ?? name}/00000000-0000-0000-0000-000000000000-1`,
  })
  const states: Record<string, () => Record<string, unknown>> = {
    'aws:msk/cluster:Cluster': cluster,
    'aws:msk/serverlessCluster:ServerlessCluster': cluster,
    'aws:iam/role:Role': () => ({ arn: `arn:aws:iam::${account}:role/${inputs.name ?? name}` }),
    'aws:lambda/eventSourceMapping:EventSourceMapping': () => ({ uuid: `uuid-of-${id}` }),
    'aws:secretsmanager/secret:Secret': () => ({
      arn: `arn:aws:secretsmanager:${region}:${account}:secret:${name}-AbCdEf`,
    }),
    'aws:secretsmanager/secretVersion:SecretVersion': () => ({ versionId: 'terraform-20261123000000000000000001' }),
    'aws:s3/bucket:Bucket': () => ({
      arn: `arn:aws:s3:::${inputs.bucket ?? id}`,
      bucket: inputs.bucket ?? id,
      bucketRegionalDomainName: `${id}.s3.mock`,
    }),
    'aws:lambda/functionUrl:FunctionUrl': () => ({ functionUrl: `https://${id}.lambda-url.mock/` }),
    'aws:cloudfront/distribution:Distribution': () => ({
      domainName: `${id}.cloudfront.mock`,
      hostedZoneId: 'Z2FDTNDATAQYW2',
    }),
    'aws:rds/cluster:Cluster': () => ({ endpoint: `${id}.rds.mock`, readerEndpoint: `${id}-ro.rds.mock`, port: 5432 }),
    'aws:rds/clusterInstance:ClusterInstance': () => ({ port: 5432 }),
    'aws:ec2/vpc:Vpc': () => ({ defaultSecurityGroupId: `${name}-default-sg` }),
    'random:index/randomBytes:RandomBytes': () => ({ base64: bytes.toString('base64'), hex: bytes.toString('hex') }),
    'random:index/randomId:RandomId': () => ({ hex: '0123456789abcdef', dec: '81985529216486895' }),
    'random:index/randomPassword:RandomPassword': () => ({ result: 'a-password' }),
  }
  return states[type]?.() ?? {}
}

interface Statement {
  sid?: string
  effect?: string
  principals?: { type: string; identifiers: string[] }[]
  actions?: string[]
  resources?: string[]
  conditions?: unknown
}

/** Answers to functions of the provider, by their names. */
export function answersOf(region: string): Record<string, (inputs: Record<string, unknown>) => object> {
  return {
    'aws:index/getPartition:getPartition': () => ({ partition: 'aws', dnsSuffix: 'amazonaws.com' }),
    'aws:index/getRegion:getRegion': () => ({ region, name: region }),
    'aws:index/getCallerIdentity:getCallerIdentity': () => ({ accountId: account }),
    'aws:index/getAvailabilityZones:getAvailabilityZones': () => ({
      names: ['a', 'b', 'c'].map((zone) => region + zone),
    }),
    'aws:iam/getPolicyDocument:getPolicyDocument': ({ statements = [] }) => ({
      json: JSON.stringify({ Version: '2012-10-17', Statement: (statements as Statement[]).map(policyStatement) }),
    }),
  }
}

function policyStatement({ sid, effect = 'Allow', principals, actions, resources, conditions }: Statement): object {
  return {
    Sid: sid,
    Effect: effect,
    Principal: principals && Object.fromEntries(principals.map(({ type, identifiers }) => [type, identifiers])),
    Action: actions,
    Resource: resources,
    Condition: conditions,
  }
}
