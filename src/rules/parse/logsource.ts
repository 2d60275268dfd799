import { type Logsource } from '../ast.ts'
import { type Faults } from '../fault.ts'
import { type Entry } from '../yaml/node.ts'
import { Attributes } from './attributes.ts'

/** `logsource`: at least one of its three dimensions. */
export function parseLogsource(
  entry: Entry | undefined,
  offset: number,
  faults: Faults,
): Logsource | undefined {
  if (entry === undefined) return faults.error(offset, '`logsource` is missing')
  if (entry.value.type !== 'map') {
    return faults.error(entry.offset, '`logsource` is a map of category, product, service')
  }
  const read = new Attributes(entry.value, faults)
  const [category, product, service] = ['category', 'product', 'service'].map(name =>
    read.text(name, 256)?.toLowerCase(),
  )
  if (category === undefined && product === undefined && service === undefined) {
    return faults.error(entry.offset, '`logsource` needs a category, a product or a service')
  }
  return { category, product, service }
}
