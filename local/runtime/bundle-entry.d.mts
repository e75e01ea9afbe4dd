export declare const root: string
export declare function bundleEntry(entry: string): Promise<string>
