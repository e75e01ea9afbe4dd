// `npm run describe`: writes docker-compose.yml and the Kubernetes manifests anew from the description.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describedFiles, generatedFolders } from './described-files.ts'

/** npm runs scripts in the project's root. */
const root = resolve('.')
const files = describedFiles()
for (const folder of generatedFolders) {
  for (const name of readdirSync(join(root, folder))) {
    if (!Object.hasOwn(files, `${folder}/${name}`)) rmSync(join(root, folder, name))
  }
}
for (const [file, text] of Object.entries(files)) {
  mkdirSync(dirname(join(root, file)), { recursive: true })
  writeFileSync(join(root, file), text)
}
