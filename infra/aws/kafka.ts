// The Kafka cluster: TLS and IAM only, in private subnets. `migrate` makes the topics in it.
import { kafkaGroup, vpc } from './network.ts'
import { isProduction, stage } from './stage.ts'

const version = '3.8.x'

export const cluster = stage.kafka.kind === 'serverless' ? serverless() : provisioned(stage.kafka)

/** What its metrics in CloudWatch are named by. */
export const clusterName = cluster.clusterName

interface Provisioned {
  brokers: number
  instanceType: string
  volumeGB: number
}

function provisioned({ brokers, instanceType, volumeGB }: Provisioned) {
  const logs = new aws.cloudwatch.LogGroup('KafkaLogs', { retentionInDays: stage.logRetentionDays })
  const configuration = new aws.msk.Configuration('KafkaConfiguration', {
    kafkaVersions: [version],
    serverProperties: [
      // A typing error must not become a topic.
      'auto.create.topics.enable=false',
      `default.replication.factor=${brokers}`,
      `min.insync.replicas=${Math.max(1, brokers - 1)}`,
    ].join('\n'),
  })
  return new aws.msk.Cluster(
    'Kafka',
    {
      kafkaVersion: version,
      numberOfBrokerNodes: brokers,
      brokerNodeGroupInfo: {
        instanceType,
        clientSubnets: vpc.privateSubnets,
        securityGroups: [kafkaGroup.id],
        storageInfo: { ebsStorageInfo: { volumeSize: volumeGB } },
      },
      configurationInfo: { arn: configuration.arn, revision: configuration.latestRevision },
      clientAuthentication: { sasl: { iam: true }, unauthenticated: false },
      // At rest it is encrypted by AWS's own key.
      encryptionInfo: { encryptionInTransit: { clientBroker: 'TLS', inCluster: true } },
      loggingInfo: { brokerLogs: { cloudwatchLogs: { enabled: true, logGroup: logs.name } } },
    },
    { protect: isProduction, retainOnDelete: isProduction },
  )
}

/** Its encryption, on the way and at rest, cannot be turned off. */
function serverless() {
  return new aws.msk.ServerlessCluster(
    'Kafka',
    {
      clientAuthentication: { sasl: { iam: { enabled: true } } },
      vpcConfigs: [{ subnetIds: vpc.privateSubnets, securityGroupIds: [kafkaGroup.id] }],
    },
    { protect: isProduction, retainOnDelete: isProduction },
  )
}

/**
 * The ARN of a topic or of a consumer group: the cluster's own with another kind and a name at its end.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_apachekafkaapisforamazonmskclusters.html
 */
function arnOf(kind: 'topic' | 'group', name: string) {
  return cluster.arn.apply((arn) => `${arn.replace(':cluster/', `:${kind}/`)}/${name}`)
}

const all = (kind: 'topic' | 'group', names: string[]) => names.map((name) => arnOf(kind, name))

const statement = (actions: string[], resources: $util.Input<string>[]) => ({
  actions: actions.map((action) => `kafka-cluster:${action}`),
  resources,
})

export const writeTopics = (topics: string[]) => [statement(['DescribeTopic', 'WriteData'], all('topic', topics))]

/** To read records, without being in a group. */
export const readTopics = (topics: string[]) => [statement(['DescribeTopic', 'ReadData'], all('topic', topics))]

/** To read records and offsets, without being in a group. */
export const watchGroups = (topics: string[], groups: string[]) => [
  ...readTopics(topics),
  statement(['DescribeGroup'], all('group', groups)),
]

export const makeTopics = (topics: string[]) => [
  statement(['CreateTopic', 'DescribeTopic', 'DescribeTopicDynamicConfiguration', 'AlterTopic'], all('topic', topics)),
]

/**
 * What the poller of an event source mapping asks for with the function's role.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html
 */
export const pollTopic = (topic: string, group: string) => [
  statement(['Connect', 'DescribeCluster'], [cluster.arn]),
  statement(['DescribeTopic', 'ReadData'], all('topic', [topic])),
  statement(['DescribeGroup', 'AlterGroup'], all('group', [group])),
  { actions: ['kafka:DescribeClusterV2', 'kafka:GetBootstrapBrokers'], resources: [cluster.arn] },
  // EC2 knows no resource for these.
  { actions: ['ec2:DescribeVpcs', 'ec2:DescribeSubnets', 'ec2:DescribeSecurityGroups'], resources: ['*'] },
]

/** A function that is linked to it finds the brokers by the cluster's name and may connect; the rest is granted one by one. */
export const kafka = new sst.Linkable('KafkaClient', {
  properties: { clusterArn: cluster.arn },
  include: [
    sst.env({ MSK_CLUSTER_ARN: cluster.arn }),
    sst.aws.permission(statement(['Connect', 'DescribeCluster'], [cluster.arn])),
    sst.aws.permission({ actions: ['kafka:GetBootstrapBrokers'], resources: [cluster.arn] }),
  ],
})
