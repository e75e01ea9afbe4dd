// The private network, and who may talk to whom in it.
import { stage } from './stage.ts'

const networkBlock = '10.0.0.0/16'
const everywhere = '0.0.0.0/0'
export const kafkaPort = 9098
export const storePort = 5432

export const vpc = new sst.aws.Vpc('Vpc', {
  az: stage.zones,
  nat: stage.nat,
  transform: {
    // The network's default group, which nothing here is in.
    securityGroup: (args) => {
      args.ingress = []
      args.egress = []
    },
    // Only what lives here may use the way out. SST's own rule would let anybody in.
    natSecurityGroup: (args) => {
      args.ingress = [{ protocol: '-1', fromPort: 0, toPort: 0, cidrBlocks: [networkBlock] }]
    },
  },
})

const group = (name: string, description: string) =>
  new aws.ec2.SecurityGroup(name, { vpcId: vpc.id, description, ingress: [], egress: [] })

export const functionsGroup = group('FunctionsSecurityGroup', 'Functions')
export const kafkaGroup = group('KafkaSecurityGroup', 'Kafka brokers, and the pollers of event source mappings')
export const storeGroup = group('StoreSecurityGroup', 'The store')

allow('FunctionsToKafka', functionsGroup, kafkaGroup, kafkaPort)
allow('FunctionsToStore', functionsGroup, storeGroup, storePort)
// An event source mapping polls from the brokers' own subnets and security group.
// https://docs.aws.amazon.com/lambda/latest/dg/with-msk-cluster-network.html
allow('PollersToKafka', kafkaGroup, kafkaGroup, kafkaPort)
// GetBootstrapBrokers for functions; Lambda and STS for the pollers.
allowOut('FunctionsToServices', functionsGroup)
allowOut('PollersToServices', kafkaGroup)

type Group = typeof functionsGroup

/** Both ends of one way: a rule on either side alone lets nothing through. */
function allow(name: string, from: Group, to: Group, port: number): void {
  const way = { ipProtocol: 'tcp', fromPort: port, toPort: port }
  new aws.vpc.SecurityGroupEgressRule(`${name}Egress`, {
    securityGroupId: from.id,
    referencedSecurityGroupId: to.id,
    ...way,
  })
  new aws.vpc.SecurityGroupIngressRule(`${name}Ingress`, {
    securityGroupId: to.id,
    referencedSecurityGroupId: from.id,
    ...way,
  })
}

/** To AWS's own services, which answer HTTPS; they have no fixed addresses. */
function allowOut(name: string, from: Group): void {
  new aws.vpc.SecurityGroupEgressRule(name, {
    securityGroupId: from.id,
    cidrIpv4: everywhere,
    ipProtocol: 'tcp',
    fromPort: 443,
    toPort: 443,
  })
}
