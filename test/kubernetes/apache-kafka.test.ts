import { afterAll, beforeAll } from 'vitest'
import { type ApacheKafka, startApacheKafka } from '../fidelity/apache-kafka.ts'
import { replicasContract } from './replicas.contract.ts'

let kafka: ApacheKafka

beforeAll(async () => {
  kafka = await startApacheKafka()
})
afterAll(() => kafka.stop())

replicasContract(() => kafka.bootstrap)
