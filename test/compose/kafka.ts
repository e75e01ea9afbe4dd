// Apache Kafka from its jars, configured by variables as its image is.
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { javaTool, kafkaClassPath } from '../fidelity/apache-kafka.ts'
import { type Service, serviceOf } from './stack.ts'

/** `KAFKA_LOG_DIRS` is `log.dirs`. https://hub.docker.com/r/apache/kafka */
function propertiesOf(environment: Record<string, string>): string {
  return Object.entries(environment)
    .filter(([name]) => name.startsWith('KAFKA_') && name !== 'KAFKA_HEAP_OPTS')
    .map(([name, value]) => `${name.slice('KAFKA_'.length).toLowerCase().replaceAll('_', '.')}=${value}`)
    .join('\n')
}

export async function startKafka(environment: Record<string, string>): Promise<Service> {
  const properties = join(dirname(environment.KAFKA_LOG_DIRS as string), 'server.properties')
  writeFileSync(properties, propertiesOf(environment))
  const format = ['format', '--ignore-formatted', '-t', environment.CLUSTER_ID as string, '-c', properties]
  const { code, out, err } = await javaTool('kafka.tools.StorageTool', format)
  if (code !== 0) throw new Error(`Kafka could not format its directory\n${out}${err}`)
  const heap = (environment.KAFKA_HEAP_OPTS ?? '').split(' ')
  const child = spawn('java', [...heap, '-cp', await kafkaClassPath(), 'kafka.Kafka', properties], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return serviceOf('kafka', child)
}

/** The image's `kafka-broker-api-versions.sh`. */
export async function kafkaHealthy(args: string[]): Promise<boolean> {
  return (await javaTool('org.apache.kafka.tools.BrokerApiVersionsCommand', args)).code === 0
}
