// The rules of the business that there is, for tests: with the values that the description gives them.
import { retail } from '../../retail/business.ts'
import type { EventRules } from '../business.ts'

export const testRules: EventRules = {
  futureMsMax: 300_000,
  depthMax: 32,
  ...retail.rulesOf({ AMOUNT_MAX: 1_000_000, NOISE_EVENT_TYPES: ['heartbeat'], NOISE_USER_ID_BELOW: 1000 }),
}
