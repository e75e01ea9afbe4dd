// From the command to the first event on a page that is open already: `npm run bench:start [-- ROUNDS]`.
import { launchBrowser } from '../e2e/browser.ts'
import { eventually, freshDirectory, startLocalStack } from '../local-stack.ts'

const rounds = Number(process.argv[2] ?? 5)
const ports = ['--port', '24001', '--kafka-port', '24093']

const browser = await launchBrowser()
const page = await browser.newPage()
const directory = freshDirectory()
// The page is opened on a first run, then stays open while the stack is away.
let stack = await startLocalStack(directory, ['--no-producer', ...ports])
await page.goto(stack.dashboard)
await page.getByTestId('verdict').waitFor()

for (let round = 1; round <= rounds; round++) {
  await stack.stop()
  await page.getByTestId('connection-band').waitFor()
  const before = await page.locator('[data-cursor]').getAttribute('data-cursor')
  const commandMs = performance.now()
  stack = await startLocalStack(directory, ports)
  const readyMs = performance.now() - commandMs
  await eventually('an event is painted', async () => {
    return (await page.locator('[data-cursor]').getAttribute('data-cursor')) !== before
  })
  const paintedMs = performance.now() - commandMs
  console.log(`round ${round}  ready ${readyMs.toFixed(0)} ms  first event painted ${paintedMs.toFixed(0)} ms`)
}
await stack.stop()
await browser.close()
