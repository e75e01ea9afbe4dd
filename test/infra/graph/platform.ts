// SST's own source and the Pulumi packages it is written against, which `sst install` has unpacked.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { root } from '../../../local/runtime/bundle-entry.mjs'

export const platform = join(root, '.sst/platform')

const require = createRequire(join(platform, 'package.json'))

/** Of Pulumi, what runs a program under mocks; its types are the platform's, which lies outside of ours. */
export interface Pulumi {
  runtime: {
    setMocks(mocks: object, project: string, stack: string, preview: boolean): Promise<void>
    runInPulumiStack(program: () => unknown): Promise<unknown>
    // biome-ignore lint/suspicious/noExplicitAny: Pulumi gives each resource's own arguments.
    registerStackTransformation(transformation: (args: any) => void): void
    disconnect(): Promise<void>
  }
  asset: { Asset: { isInstance(value: object): boolean }; Archive: { isInstance(value: object): boolean } }
}

export const requireFromPlatform = (name: '@pulumi/pulumi') => require(name) as Pulumi
