// The dashboard's static files.
import { router } from './router.ts'

export const web = new sst.aws.StaticSite('Web', {
  path: '.',
  build: { command: 'npx vite build web --logLevel warn', output: 'web/dist' },
  router: { instance: router },
})
