// The store: Aurora Postgres that scales by itself, reached by functions directly.
//
// Without RDS Proxy: it would pin every session, for ours keep settings, prepared statements and LISTEN. Connections are
// bounded all the same: four for each execution environment, of which there are as many as partitions for a consumer,
// one for a schedule, and `apiConcurrencyMax` for the API.
import { storeGroup, vpc } from './network.ts'
import { secretVariable } from './secrets.ts'
import { isProduction, stage } from './stage.ts'

const clusterName = `${$app.name}-${$app.stage}`.toLowerCase()

/** Made before the cluster, which would make one that keeps its lines for ever. */
const logs = new aws.cloudwatch.LogGroup('DatabaseLogs', {
  name: `/aws/rds/cluster/${clusterName}/postgresql`,
  retentionInDays: stage.logRetentionDays,
})

export const database = new sst.aws.Aurora('Database', {
  engine: 'postgres',
  version: '17.5',
  vpc: { subnets: vpc.privateSubnets, securityGroups: [storeGroup.id] },
  scaling: { min: stage.store.min, max: stage.store.max },
  replicas: stage.store.replicas,
  transform: {
    cluster: (args, options) => {
      args.clusterIdentifier = clusterName
      args.backupRetentionPeriod = stage.store.backupDays
      args.deletionProtection = isProduction
      args.skipFinalSnapshot = !isProduction
      args.copyTagsToSnapshot = true
      args.enabledCloudwatchLogsExports = ['postgresql']
      if (isProduction) args.finalSnapshotIdentifier = `${clusterName}-last`
      options.protect = isProduction
      options.dependsOn = logs
    },
    clusterParameterGroup: (args) => {
      args.parameters = [{ name: 'rds.force_ssl', value: '1' }]
    },
  },
})

/** The certificates of RDS, which Node does not know by itself; Lambda keeps them here. */
const certificates = '/var/runtime/ca-cert.pem'

/** A function that is linked to it finds the name of the store's address, which holds the password, and may read it. */
export const store = new sst.Linkable('Store', {
  properties: { host: database.host, database: database.database },
  include: [
    ...secretVariable(
      'StoreSecret',
      'STORE_URL',
      $interpolate`postgres://${database.username}:${database.password}@${database.host}:${database.port}/${database.database}?sslmode=verify-full`,
    ),
    sst.env({ NODE_EXTRA_CA_CERTS: certificates }),
  ],
})
