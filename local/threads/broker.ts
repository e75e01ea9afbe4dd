// The embedded broker as a thread of the local cloud.
import { type BrokerOptions, startBroker } from '../broker/broker.ts'
import { runThread } from './thread.ts'

export type BrokerThreadData = Omit<BrokerOptions, 'log' | 'clock'>
export interface BrokerThreadReady {
  port: number
  bootstrap: string
}

runThread<BrokerThreadData, BrokerThreadReady, never, string>(async (data, post) => {
  const broker = await startBroker({ ...data, log: post })
  return { ready: { port: broker.port, bootstrap: broker.bootstrap }, stop: () => broker.close() }
})
