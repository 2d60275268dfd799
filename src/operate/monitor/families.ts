import { analysisFamilies } from './families/analysis.ts'
import { captureFamilies } from './families/capture.ts'
import { deliveryFamilies } from './families/delivery.ts'
import { outboxFamilies } from './families/outbox.ts'
import { processFamilies } from './families/process.ts'
import { type Family } from './family.ts'

/** All metrics. */
export const families: readonly Family[] = [
  ...deliveryFamilies,
  ...outboxFamilies,
  ...captureFamilies,
  ...analysisFamilies,
  ...processFamilies,
]

/** As Prometheus sees it. */
export function fullName({ name }: Family): string {
  return name.startsWith('process_') ? name : `orthrus_${name}`
}
