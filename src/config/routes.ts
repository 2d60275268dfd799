import { SensorError } from '../errors.ts'
import { type When } from '../outbox/route.ts'
import { detectionTest } from '../rules/detection-test.ts'
import { type Complaint } from './fault.ts'
import { type Config } from './schema.ts'
import { type SinkOptions } from './sinks.ts'

/** What is wrong with the conditions of the sinks, which no schema can say. */
export function routeFaults(config: Config): Complaint[] {
  return Object.entries(config.sinks).flatMap(([name, { when }]) => {
    const path = ['sinks', name, 'when', 'detection']
    return conditionOf(when, config).faults.map(fault => ({
      ...fault,
      path: [...path, ...fault.path],
    }))
  })
}

/** Which alerts a sink gets. Throws CONFIG_INVALID for what `routeFaults` would have told. */
export function routeOf(when: SinkOptions['when'], config: Config): When {
  const { test, faults } = conditionOf(when, config)
  const [fault] = faults
  if (fault !== undefined) throw new SensorError('CONFIG_INVALID', fault.message)
  return { ...when, test }
}

const all = { test: undefined, faults: [] } as const

function conditionOf({ detection = {} }: SinkOptions['when'], { rules }: Config) {
  if (Object.keys(detection).length === 0) return all
  return detectionTest(detection, new Map(Object.entries(rules.placeholders)))
}
