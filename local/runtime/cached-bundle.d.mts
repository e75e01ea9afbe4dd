export declare const root: string
export declare const cacheFolder: string
export declare const bundlesAreKept: boolean
export declare function cachedBundle(options: {
  entry: string
  inspect?: boolean
}): Promise<{ file: string; exports: string[]; sources: string[] }>
