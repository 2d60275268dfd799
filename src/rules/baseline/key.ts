import { type Subject } from '../correlate/subject.ts'
import { valueText } from '../evaluate/values.ts'
import { type FieldValue } from '../fields.ts'
import { type Normalise } from './normalise.ts'

/** An event as baselines see it. */
export interface Sighted extends Subject {
  /** Of this event and no other. */
  readonly sequence: number
}

/** Said where a field has more than one value. */
export const many = Symbol('many')

/** Values that are remembered with what was made of them; then all are forgotten. */
const mostKnown = 4096
/** Longer ones are not. */
const longest = 256

/** From one field's value to the next field's, and behind the last to the text of all. */
class Step {
  readonly next = new Map<FieldValue, Step>()
  text: string | typeof many | undefined
}

/**
 * What some fields of an event hold, as one text. Rules that ask for the same fields share it, and it
 * is made once an event; of values that were seen before it is known.
 */
export class KeyText {
  readonly #fields: readonly string[]
  readonly #normalise: Normalise
  readonly #taxonomy: string
  /** Whether the text is the value, where that is a text. */
  readonly #isPlain: boolean
  #root = new Step()
  #known = 0
  #sequence = -1
  #answer: string | typeof many | undefined

  constructor(fields: readonly string[], normalise: Normalise, taxonomy: string) {
    this.#fields = fields
    this.#normalise = normalise
    this.#taxonomy = taxonomy
    this.#isPlain = fields.length === 1 && normalise.name === 'none'
  }

  /** `many` where a field has more than one value, undefined where one has none. */
  of(subject: Sighted): string | typeof many | undefined {
    if (subject.sequence !== this.#sequence) {
      this.#answer = this.#find(subject)
      this.#sequence = subject.sequence
    }
    return this.#answer
  }

  #find(subject: Sighted): string | typeof many | undefined {
    const fields = this.#fields
    let step = this.#root
    for (let index = 0; index < fields.length; index++) {
      const value = subject.value(fields[index] ?? '', this.#taxonomy)
      if (value === undefined || (this.#isPlain && typeof value === 'string')) return value
      if (!isShort(value)) return this.#make(subject)
      step = step.next.get(value) ?? this.#step(step, value)
    }
    step.text ??= this.#make(subject)
    return step.text
  }

  #make(subject: Sighted): string | typeof many | undefined {
    const values = this.#fields.map(field => subject.value(field, this.#taxonomy))
    if (values.some(value => Array.isArray(value))) return many
    const texts = values.flatMap(value => this.#texts(value))
    return texts.length < values.length ? undefined : textOf(texts)
  }

  #step(from: Step, value: FieldValue): Step {
    if (this.#known++ >= mostKnown) {
      this.#known = 0
      this.#root = new Step()
    }
    const made = new Step()
    from.next.set(value, made)
    return made
  }

  /** Every combination of the fields' members, `most` at most; none when a field has no value. */
  all(subject: Sighted, most: number): readonly string[] {
    let tuples: (readonly string[])[] = [[]]
    for (const field of this.#fields) {
      const texts = this.#texts(subject.value(field, this.#taxonomy))
      tuples = tuples.flatMap(tuple => texts.map(text => [...tuple, text])).slice(0, most)
    }
    return tuples.map(textOf)
  }

  #texts(value: FieldValue): readonly string[] {
    if (Array.isArray(value)) {
      return [...new Set((value as FieldValue[]).flatMap(one => this.#texts(one)))]
    }
    const text = valueText(value)
    return text === undefined ? [] : [this.#normalise.apply(text)]
  }
}

/** The texts of a set of rules: each once. */
export class KeyTexts {
  readonly #made = new Map<string, KeyText>()

  of(fields: readonly string[], normalise: Normalise, taxonomy: string): KeyText {
    const name = JSON.stringify([taxonomy, normalise.name, ...fields])
    const made = this.#made.get(name) ?? new KeyText(fields, normalise, taxonomy)
    this.#made.set(name, made)
    return made
  }
}

/** Whether there is one value, and not much of it. */
function isShort(value: FieldValue): boolean {
  if (typeof value === 'string') return value.length <= longest
  return typeof value === 'number' || typeof value === 'boolean'
}

/** One text for a tuple: that of its only member, else a list of them. */
function textOf(tuple: readonly string[]): string {
  const [only] = tuple
  return tuple.length === 1 && only !== undefined ? only : JSON.stringify(tuple)
}

/** The tuple of so many members that a text was made of. */
export function tupleOf(text: string, members: number): readonly string[] {
  return members === 1 ? [text] : (JSON.parse(text) as string[])
}
