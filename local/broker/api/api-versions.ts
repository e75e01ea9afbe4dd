// ApiVersions: which APIs are served, in which versions. Clients ask this first and believe it.
import { errorCode } from '../protocol/error-codes.ts'
import { bool, int16, int32, int64, list, string } from '../protocol/schema.ts'
import { type Api, defineApi } from './api.ts'

export const apiVersions = defineApi({
  name: 'ApiVersions',
  key: 18,
  versions: [0, 4],
  flexibleSince: 3,
  request: {
    clientSoftwareName: string({ since: 3 }),
    clientSoftwareVersion: string({ since: 3 }),
  },
  response: {
    errorCode: int16(),
    apiKeys: list({ apiKey: int16(), minVersion: int16(), maxVersion: int16() }),
    throttleTimeMs: int32({ since: 1, absent: 0 }),
    supportedFeatures: list(
      { name: string(), minVersion: int16(), maxVersion: int16() },
      { since: 3, tag: 0, absent: [] },
    ),
    finalizedFeaturesEpoch: int64({ since: 3, tag: 1, absent: -1 }),
    finalizedFeatures: list(
      { name: string(), maxVersionLevel: int16(), minVersionLevel: int16() },
      { since: 3, tag: 2, absent: [] },
    ),
    zkMigrationReady: bool({ since: 3, tag: 3, absent: false }),
  },
  handle({ apis }) {
    return { errorCode: errorCode.NONE, apiKeys: [...apis.values()].map(rangeOf) }
  },
})

/** What a client asks for in a version unknown here is answered in version 0, with the versions it may use (KIP-511). */
export function unsupportedApiVersions() {
  return { errorCode: errorCode.UNSUPPORTED_VERSION, apiKeys: [rangeOf(apiVersions)] }
}

function rangeOf({ key, versions: [minVersion, maxVersion] }: Pick<Api, 'key' | 'versions'>) {
  return { apiKey: key, minVersion, maxVersion }
}
