// Mappings with scripted functions do the same on Apache Kafka as `npm test` shows on the embedded broker.
import { inject } from 'vitest'
import { registerCodecs } from '../../functions/kafka/codecs.ts'
import { mappingContract } from '../../local/event-source-mapping/mapping.contract.ts'
import { scripted } from '../../local/event-source-mapping/testing/scripted.ts'
import { processesContract } from '../../local/mapping/processes.contract.ts'

registerCodecs()

const bootstrap = () => inject('apacheKafka')
const on = scripted(bootstrap)
mappingContract(on)
processesContract(on, bootstrap)
