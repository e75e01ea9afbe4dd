// What functions may know and nobody else: their variables hold names of secrets, which each role may read one by one.
import { isProduction } from './stage.ts'

/** What only a person knows. `sst secret set ApiToken "$(openssl rand -hex 32)"`, once for each stage. */
const apiToken = new sst.Secret('ApiToken')

/** After a removal by accident there is time to bring it back; other stages are made anew under the same name. */
const recoveryWindowInDays = isProduction ? 30 : 0

/**
 * A secret that a function which is linked to it finds by the variable `NAME_SECRET_ARN` (functions/aws/secrets.ts). The
 * version is part of it: another value changes the variable, so that no warm environment goes on with the old one.
 */
export function secretVariable(component: string, variable: string, value: $util.Input<string>) {
  const secret = new aws.secretsmanager.Secret(component, { recoveryWindowInDays })
  const version = new aws.secretsmanager.SecretVersion(`${component}Version`, {
    secretId: secret.id,
    secretString: value,
  })
  return [
    sst.env({ [`${variable}_SECRET_ARN`]: $interpolate`${secret.arn}:::${version.versionId}` }),
    sst.aws.permission({ actions: ['secretsmanager:GetSecretValue'], resources: [secret.arn] }),
  ]
}

/** The function that asks for the token is linked to it. */
export const token = new sst.Linkable('Token', {
  properties: {},
  include: secretVariable('TokenSecret', 'API_TOKEN', apiToken.value),
})
