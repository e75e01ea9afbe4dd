import { expect, it } from 'vitest'
import { pipeline } from '../../infra/pipeline.ts'
import { parseSettings } from './settings.ts'
import { refuseConflicts } from './settings-conflict.ts'

const settings = (FunctionName: string, topic: string, ConsumerGroupId: string, server = 'a:1') =>
  parseSettings(
    {
      FunctionName,
      SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [server] } },
      Topics: [topic],
      SelfManagedKafkaEventSourceConfig: { ConsumerGroupId },
    },
    'an-id',
  )

it('takes two functions on one topic, and one function on two topics or two Kafka clusters', () => {
  const mappings = [
    settings('f', 't', '1'),
    settings('g', 't', '2'),
    settings('f', 'u', '3'),
    settings('f', 't', '4', 'b:1'),
  ]
  expect(() => refuseConflicts(mappings)).not.toThrow()
})

it('refuses a second mapping of a function on the same topic', () => {
  expect(() => refuseConflicts([settings('f', 't', '1'), settings('f', 't', '2')])).toThrow(
    'ResourceConflictException: An event source mapping with event source (a:1), function (f), topics (t) already exists',
  )
})

it('refuses a group id that another mapping has', () => {
  expect(() => refuseConflicts([settings('f', 't', '1'), settings('g', 'u', '1')])).toThrow(
    "InvalidParameterValueException: ConsumerGroupId 1 is another mapping's already",
  )
})

it("takes the pipeline's own mappings", () => {
  const source = { SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['localhost:9092'] } } }
  const mappings = pipeline.mappings.map(({ function: name, consumerGroupId, settings: json }) =>
    parseSettings(
      {
        ...source,
        ...json,
        FunctionName: name,
        SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: consumerGroupId },
      },
      'an-id',
      { functionTimeoutSeconds: pipeline.functions[name as keyof typeof pipeline.functions].timeoutSeconds },
    ),
  )
  expect(() => refuseConflicts(mappings)).not.toThrow()
})
