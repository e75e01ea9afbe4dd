// `node infra/docker/healthy.mjs URL`: ends with 0 when the address answers 200, for images without curl.
const answer = await fetch(process.argv[2], { signal: AbortSignal.timeout(2_500) }).catch(() => null)
process.exit(answer?.ok ? 0 : 1)
