// What the open page costs: its share of the main thread while events flow, and the memory it holds after minutes of it.
//
// `npm run bench:page [-- --rate 1000 --minutes 1 --size 1440x900]` starts the local stack with the simulated shop and a
// headless Chromium, and prints a line a minute. With `--minutes 30` the heap shows whether memory stays flat.
import { parseArgs } from 'node:util'
import type { CDPSession } from 'playwright-core'
import { launchBrowser } from '../e2e/browser.ts'
import { freshDirectory, startLocalStack } from '../local-stack.ts'

/** The first seconds meet cold code and charts that still fill. */
const warmUpMs = 10_000
const windowMs = 60_000

/** Of https://chromedevtools.github.io/devtools-protocol/tot/Performance: seconds, bytes and counts. */
type Metrics = Record<string, number>

interface Reading {
  at: number
  metrics: Metrics
  heapBytes: number
}

async function measure(rate: number, minutes: number, width: number, height: number): Promise<void> {
  const stack = await startLocalStack(freshDirectory(), ['--rate', String(rate)])
  const browser = await launchBrowser()
  try {
    const page = await browser.newPage({ viewport: { width, height } })
    const devtools = await page.context().newCDPSession(page)
    // Thread ticks count the time that the main thread ran, not the time that other programs kept it waiting.
    await devtools.send('Performance.enable', { timeDomain: 'threadTicks' })
    await page.goto(stack.dashboard)
    await page.getByTestId('feed-row').first().waitFor()
    await page.evaluate(`{${frameCounter}}`)
    await page.waitForTimeout(warmUpMs)
    let before = await read(devtools)
    for (let minute = 1; minute <= minutes; minute++) {
      const frames = await page.evaluate<number>('window.drawnFrames')
      await page.waitForTimeout(windowMs)
      const after = await read(devtools)
      const drawn = (await page.evaluate<number>('window.drawnFrames')) - frames
      report(`${rate}/s  ${width}x${height}  minute ${minute}`, before, after, drawn)
      before = after
    }
  } finally {
    await browser.close()
    await stack.stop()
  }
}

/** Runs in the page: counts the frames in which the shown cursor moved. */
const frameCounter = `
  window.drawnFrames = 0
  new MutationObserver(() => window.drawnFrames++).observe(document.querySelector('[data-cursor]'), {
    attributeFilter: ['data-cursor'],
  })`

async function read(devtools: CDPSession): Promise<Reading> {
  const { metrics } = await devtools.send('Performance.getMetrics')
  // Garbage is no memory that is held.
  await devtools.send('HeapProfiler.collectGarbage')
  const { usedSize } = await devtools.send('Runtime.getHeapUsage')
  return {
    at: performance.now(),
    metrics: Object.fromEntries(metrics.map(({ name, value }) => [name, value])),
    heapBytes: usedSize,
  }
}

function report(what: string, before: Reading, after: Reading, frames: number): void {
  const seconds = (after.at - before.at) / 1000
  const share = (name: string) => {
    const spent = (after.metrics[name] ?? Number.NaN) - (before.metrics[name] ?? Number.NaN)
    return `${((spent / seconds) * 100).toFixed(1)}%`
  }
  console.log(
    `${what}  main thread ${share('TaskDuration')} (script ${share('ScriptDuration')}, style ${share('RecalcStyleDuration')}, ` +
      `layout ${share('LayoutDuration')})  ${(frames / seconds).toFixed(1)} frames/s  ` +
      `heap ${(after.heapBytes / 1e6).toFixed(1)} MB, ${after.metrics.Nodes} nodes`,
  )
}

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '1' },
    size: { type: 'string', default: '1440x900' },
  },
})
const [width = 1440, height = 900] = values.size.split('x').map(Number)
await measure(Number(values.rate), Number(values.minutes), width, height)
