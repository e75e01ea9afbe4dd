// Lambda's limits, each with its unit and its source, and the ones that are ours.

/**
 * Bytes of an event, and of an answer: 6 MB and a hundred bytes, as Lambda's own error says it: "Response payload size
 * exceeded maximum allowed payload size (6291556 bytes)." https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const payloadBytesMax = 6 * 1024 * 1024 + 100

/** How long a handler's module may take to load. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html */
export const initMsMax = 10_000

// Our choice, all of these: a function that prints or throws without end must not fill the memory of who watches it.
export const logLineCharsMax = 8_192
export const logLinesMax = 10_000
export const errorMessageCharsMax = 16_384
export const traceLinesMax = 50
