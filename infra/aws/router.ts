// The one public address: CloudFront, and behind it the page and the API, which answer nobody else.

/**
 * A request's body has to be signed for a function's address. CloudFront does that by a function at the edge, so that
 * any client may post; it takes bodies up to 1 MB, as the API does.
 */
export const router = new sst.aws.Router('Router', { protection: 'oac-with-edge-signing' })
