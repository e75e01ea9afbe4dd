// Mappings with scripted functions do the same on Apache Kafka as `npm test` shows on the embedded broker.
import { inject } from 'vitest'
import { registerCodecs } from '../../functions/kafka/codecs.ts'
import { mappingContract } from '../../local/event-source-mapping/mapping.contract.ts'
import { scripted } from '../../local/event-source-mapping/testing/scripted.ts'

registerCodecs()

mappingContract(scripted(() => inject('apacheKafka')))
