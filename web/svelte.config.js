// Read by the editor, by svelte-check and by Vite alike.
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte'

export default {
  preprocess: vitePreprocess(),
  // A component's scoped class is its name: unique here, short, and readable in the inspector.
  compilerOptions: { runes: true, cssHash: ({ name }) => `in-${name}` },
}
