// The checksum of record batches (CRC-32C), in native code.
import { createRequire } from 'node:module'

/**
 * Required, not imported: Node reads an imported CommonJS module with a lexer of its own first, which costs a process
 * that starts in 100 ms a third of that, and 5 MB.
 */
export const { crc32c } = createRequire(import.meta.url)('@node-rs/crc32') as typeof import('@node-rs/crc32')
