// Migrations are imported as text: esbuild's loader and the tests' plugin both give a default export.
declare module '*.sql' {
  const text: string
  export default text
}
