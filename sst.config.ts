/// <reference path="./.sst/platform/config.d.ts" />
// The pipeline in AWS: `npx sst deploy --stage NAME`. docs/cloud.md says what it makes and what it costs.

export default $config({
  app(input) {
    const isProduction = input?.stage === 'production'
    return {
      name: 'freshet',
      removal: isProduction ? 'retain' : 'remove',
      protect: isProduction,
      home: 'aws',
      // From 7.30.0 on SST 4.17.1's own source does not type-check against the provider.
      providers: { aws: { version: '7.29.0', region: 'ap-southeast-2' } },
    }
  },
  async run() {
    // Only Lambda may take a function's role. SST 4.17.1 would let every principal of the account take it, in every stage.
    $transform(sst.aws.Function, (args) => {
      args.transform ??= {}
      args.transform.role ??= (role) => {
        role.assumeRolePolicy = aws.iam.assumeRolePolicyForPrincipal({ Service: 'lambda.amazonaws.com' })
      }
    })
    await import('./infra/aws/mappings.ts')
    await import('./infra/aws/schedules.ts')
    const { alarmTopic } = await import('./infra/aws/alarms.ts')
    await import('./infra/aws/web.ts')
    const { router } = await import('./infra/aws/router.ts')
    return { url: router.url, alarms: alarmTopic.arn }
  },
})
