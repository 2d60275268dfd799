import { type FieldReader, type FieldValue } from '../fields.ts'

type Members = Readonly<Record<string, unknown>>

/**
 * Reads plain objects: nested, or with dotted names as keys; a key that holds the dots wins over the
 * path. For rule tests and `rules explain`.
 */
export const objectReader: FieldReader<object> = {
  slotOf: field => event => readPath(event as Members, field),
  texts: event => {
    const texts: string[] = []
    collect(event, texts, 0)
    return texts
  },
}

/** The value at a dotted path; of a list of objects, that of each. */
export function readPath(value: unknown, path: string): FieldValue {
  if (Array.isArray(value)) {
    const found = value.map(member => readPath(member, path)).filter(one => one !== undefined)
    return found.length === 0 ? undefined : found.flat()
  }
  if (value === null || typeof value !== 'object') return undefined
  if (Object.hasOwn(value, path)) return (value as Members)[path] as FieldValue
  for (let dot = path.indexOf('.'); dot !== -1; dot = path.indexOf('.', dot + 1)) {
    const head = path.slice(0, dot)
    if (!Object.hasOwn(value, head)) continue
    const found = readPath((value as Members)[head], path.slice(dot + 1))
    if (found !== undefined) return found
  }
  return undefined
}

const deepest = 64

/** Every text in the event, and every number as text. */
function collect(value: unknown, texts: string[], depth: number): void {
  if (typeof value === 'string') texts.push(value)
  else if (typeof value === 'number') texts.push(String(value))
  else if (value !== null && typeof value === 'object' && depth < deepest) {
    for (const member of Object.values(value)) collect(member, texts, depth + 1)
  }
}
