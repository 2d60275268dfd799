import { type SigmaDocument } from '../ast.ts'
import { Faults, quote } from '../fault.ts'

/** Documents by id and by name. */
export type Names<T extends SigmaDocument> = ReadonlyMap<string, T>

/** Complaints of linking, each kept with its document. */
export class LinkFaults {
  readonly #found = new Map<SigmaDocument, Faults>()

  of(document: SigmaDocument): Faults {
    const known = this.#found.get(document)
    if (known !== undefined) return known
    const made = new Faults(document.source)
    this.#found.set(document, made)
    return made
  }

  get all(): readonly (readonly [SigmaDocument, Faults])[] {
    return [...this.#found]
  }

  isFatal(document: SigmaDocument): boolean {
    return this.#found.get(document)?.fatal ?? false
  }
}

/** Ids and names must be one document's only: the second one with the same is refused. */
export function nameDocuments<T extends SigmaDocument>(
  documents: readonly T[],
  faults: LinkFaults,
): Names<T> {
  const names = new Map<string, T>()
  for (const document of documents) {
    for (const kind of ['id', 'name'] as const) {
      const name = document.meta[kind]
      if (name === undefined) continue
      const known = names.get(name)
      if (known === undefined) names.set(name, document)
      else if (known !== document) {
        const { line } = known.source.place(known.offset)
        const text = `the ${kind} ${quote(name)} belongs to the rule at ${known.source.file}:${line}`
        faults.of(document).error(document.offset, text)
      }
    }
  }
  return names
}
