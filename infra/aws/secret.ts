// What only a person may know. `sst secret set ApiToken "$(openssl rand -hex 32)"`, once for each stage.

export const apiToken = new sst.Secret('ApiToken')
