// Builds the page to static files in web/dist, and serves it with live reload against a local API.
import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  // Relative addresses, so that the page works under any path of a static host.
  base: './',
  plugins: [svelte()],
  build: {
    target: 'es2023',
    // The first with light-dark(), which costs more bytes when it is written for older ones.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // Inlined assets would be data: addresses, which the page's content security policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': process.env.FRESHET_API ?? 'http://localhost:4000' } },
})
