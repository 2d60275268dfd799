import { onTestFinished } from 'vitest'
import { openMockCluster } from './mock-cluster.ts'

export { library } from './mock-cluster.ts'

/** A cluster of made-up brokers that is gone at the end of the test. */
export function startMockCluster(brokers = 3) {
  const cluster = openMockCluster(brokers)
  onTestFinished(() => cluster.end())
  return cluster
}
