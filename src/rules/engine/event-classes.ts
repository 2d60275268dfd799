import { type FieldValue } from '../fields.ts'
import { fold } from '../pattern/fold.ts'
import { type Interner } from './intern.ts'
import { type Node, type TextsLeaf } from './node.ts'
import { type SlotTable } from './slots.ts'

/** More classes than these are not told apart. */
const mostClasses = 4096
/** Texts of one field that are known by themselves; others are folded each time. */
const mostTexts = 64

/** A rule as what its event's class says and what else it asks for: both must be true. */
export interface Parted {
  readonly ofClass: readonly TextsLeaf[]
  readonly rest: Node
}

/** What rules ask of a field of few values, as a small number. */
export class Aspect {
  readonly slot: number
  /** The number of what no text can be compared with: lists, numbers and the like. */
  readonly odd: number
  readonly #numbers: Map<FieldValue, number>

  constructor(slot: number, literals: readonly string[]) {
    this.slot = slot
    this.odd = literals.length + 1
    this.#numbers = new Map(literals.map((literal, index) => [literal, index + 1]))
  }

  /** Counted from 0, which is every text that no rule asks for. */
  numberOf(value: FieldValue): number {
    if (value === undefined) return 0
    return this.#numbers.get(value) ?? this.#learn(value)
  }

  #learn(value: FieldValue): number {
    if (typeof value !== 'string') return this.odd
    const number = this.#numbers.get(fold(value)) ?? 0
    if (this.#numbers.size < mostTexts) this.#numbers.set(value, number)
    return number
  }
}

/** What the rules of a kind ask of fields that cost next to nothing and have few values. */
export class Aspects {
  readonly list: readonly Aspect[]
  readonly count: number
  readonly #bySlot: ReadonlyMap<number, Aspect>

  constructor(nodes: readonly Node[], slots: Pick<SlotTable<never>, 'isCoarse'>) {
    const leaves = nodes.flatMap(partsOf).filter(isAspect)
    const coarse = leaves.filter(({ slot }) => slots.isCoarse(slot))
    let count = 1
    this.list = [...new Set(coarse.map(({ slot }) => slot))].flatMap(slot => {
      const own = coarse.filter(leaf => leaf.slot === slot)
      const aspect = new Aspect(slot, [...new Set(own.flatMap(({ literals }) => literals))])
      if (count * (aspect.odd + 1) > mostClasses) return []
      count *= aspect.odd + 1
      return [aspect]
    })
    this.count = count
    this.#bySlot = new Map(this.list.map(aspect => [aspect.slot, aspect]))
  }

  part(node: Node, interner: Interner): Parted {
    const parts = partsOf(node)
    const ofClass = parts.filter(isAspect).filter(({ slot }) => this.#bySlot.has(slot))
    if (ofClass.length === 0) return { ofClass, rest: node }
    const others = parts.filter(part => !ofClass.some(leaf => leaf === part))
    return { ofClass, rest: interner.join('and', others) }
  }

  /** The numbers of a class, in the order of the aspects; the first counts least. */
  numbersOf(number: number): number[] {
    let left = number
    return this.list.map(({ odd }) => {
      const own = left % (odd + 1)
      left = (left - own) / (odd + 1)
      return own
    })
  }

  /** Whether a class may have what is asked of it. */
  allows(numbers: readonly number[], ofClass: readonly TextsLeaf[]): boolean {
    return ofClass.every(({ slot, literals }) => {
      const index = this.list.findIndex(aspect => aspect.slot === slot)
      const [aspect, number] = [this.list[index], numbers[index]]
      if (aspect === undefined || number === aspect.odd) return true
      return literals.some(literal => aspect.numberOf(literal) === number)
    })
  }
}

function partsOf(node: Node): readonly Node[] {
  return node.op === 'and' ? node.items : [node]
}

/** Others tell upper case from lower, or look at a part of the text. */
function isAspect(node: Node): node is TextsLeaf {
  return node.op === 'texts' && node.shape === 'equals' && !node.cased
}

/** What rules can match the events of a class. */
export interface EventClass {
  /** A bit for each rule. */
  readonly allowed: Int32Array
  /** Of them, those that nothing else opens. */
  readonly open: Int32Array
  /** A bit for each of the first probed slots: whether it opens any of them. */
  readonly slots: number
  /** Whether all that they ask of the class is true; else they ask again. */
  readonly isSure: boolean
}

/** The classes of a kind, each made when its first event comes. */
export class EventClasses {
  readonly #aspects: Aspects
  readonly #rules: readonly Parted[]
  readonly #gated: Uint8Array
  /** Of each probed slot, the rules that have a gate there. */
  readonly #bySlot: readonly (readonly number[])[]
  readonly #made: (EventClass | undefined)[]

  constructor(
    aspects: Aspects,
    rules: readonly Parted[],
    gated: Uint8Array,
    bySlot: readonly (readonly number[])[],
  ) {
    this.#aspects = aspects
    this.#rules = rules
    this.#gated = gated
    this.#bySlot = bySlot
    this.#made = new Array<EventClass | undefined>(aspects.count).fill(undefined)
  }

  of(number: number): EventClass {
    return this.#made[number] ?? this.#make(number)
  }

  #make(number: number): EventClass {
    const numbers = this.#aspects.numbersOf(number)
    const rules = Array.from(this.#rules.keys()).filter(rule => this.#allows(rule, numbers))
    const allowed = new Int32Array((this.#rules.length + 31) >>> 5)
    for (const rule of rules) allowed[rule >>> 5] = (allowed[rule >>> 5] ?? 0) | (1 << (rule & 31))
    const isAllowed = (rule: number) => ((allowed[rule >>> 5] ?? 0) & (1 << (rule & 31))) !== 0
    let slots = 0
    for (const [index, own] of this.#bySlot.slice(0, 32).entries()) {
      if (own.some(isAllowed)) slots |= 1 << index
    }
    const open = Int32Array.from(rules.filter(rule => this.#gated[rule] === 0))
    const isSure = this.#aspects.list.every(({ odd }, index) => numbers[index] !== odd)
    const made = { allowed, open, slots, isSure }
    this.#made[number] = made
    return made
  }

  #allows(rule: number, numbers: readonly number[]): boolean {
    const parted = this.#rules[rule]
    if (parted === undefined || (parted.rest.op === 'constant' && !parted.rest.value)) return false
    return this.#aspects.allows(numbers, parted.ofClass)
  }
}
