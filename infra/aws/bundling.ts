// How handlers are bundled for Lambda: what SST is told, and what tests bundle with.

/** The adapter for SQLite stays outside: Lambda has no native module for it, and no function there asks for it. */
export const bundling = {
  loader: { '.sql': 'text' as const },
  esbuild: { external: ['*/sqlite/store.ts'] },
}
