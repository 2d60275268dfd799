import { type Threshold } from './ast.ts'

/** Whether a number passes all comparisons. */
export function passes(comparisons: readonly Threshold[], value: number): boolean {
  return comparisons.every(one => holds(one, value))
}

function holds({ comparison, value: limit }: Threshold, value: number): boolean {
  switch (comparison) {
    case 'lt':
      return value < limit
    case 'lte':
      return value <= limit
    case 'gt':
      return value > limit
    case 'gte':
      return value >= limit
    case 'eq':
      return value === limit
    case 'neq':
      return value !== limit
  }
}
