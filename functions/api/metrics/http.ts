// What the API does itself: its requests, its readings of the store, and who listens.
import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Store } from '../../store/store.ts'

/** Seconds: from a reading out of memory to one that is stuck. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]

const knownMethods = ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']

export interface OwnMetrics {
  /** Counts and times every request. */
  watch: MiddlewareHandler
  /** The same store, whose readings are timed. */
  timed(store: Store): Store
  /** `count` is asked when the metrics are. */
  countListeners(count: () => number): void
}

export function ownMetrics(registry: Registry): OwnMetrics {
  const registers = [registry]
  const requests = new Counter({
    name: 'freshet_http_requests_total',
    help: 'Requests answered, by route and status.',
    labelNames: ['method', 'route', 'status'],
    registers,
  })
  const seconds = new Histogram({
    name: 'freshet_http_request_seconds',
    help: 'Time until an answer began, in seconds.',
    labelNames: ['method', 'route'],
    buckets,
    registers,
  })
  const readings = new Histogram({
    name: 'freshet_store_call_seconds',
    help: 'Time that the store took to answer a call of this API, in seconds.',
    labelNames: ['call'],
    buckets,
    registers,
  })

  return {
    async watch(c, next) {
      const startMs = performance.now()
      await next()
      // The path as it was mounted, of what answered: names that were asked for never stand here.
      const matched = routePath(c)
      const labels = {
        method: knownMethods.includes(c.req.method) ? c.req.method : 'other',
        route: matched === '/*' || matched === '*' ? 'other' : matched,
      }
      requests.inc({ ...labels, status: c.res.status })
      seconds.observe(labels, (performance.now() - startMs) / 1000)
    },
    timed: (store) =>
      new Proxy(store, {
        get(target, name, receiver) {
          const member = Reflect.get(target, name, receiver)
          if (typeof member !== 'function' || typeof name !== 'string') return member
          return (...args: unknown[]) => {
            const startMs = performance.now()
            const answer = member.apply(target, args)
            if (answer instanceof Promise) {
              const observe = () => readings.observe({ call: name }, (performance.now() - startMs) / 1000)
              answer.then(observe, observe)
            }
            return answer
          }
        },
      }),
    countListeners(count) {
      new Gauge({
        name: 'freshet_live_clients',
        help: 'Live streams that are open.',
        registers,
        collect() {
          this.set(count())
        },
      })
    },
  }
}
