/** What an indicator is about. */
export const kinds = ['domain', 'address', 'url', 'ja3', 'ja4', 'certificate'] as const
export type IndicatorKind = (typeof kinds)[number]

/** Where an entry comes from and until when it holds. */
export interface Entry {
  /** Number of its source, below 255. */
  readonly source: number
  /** What the source says of it; empty for nothing. */
  readonly label: string
  /** Hours since the epoch; 0 for ever. */
  readonly until: number
}

/** Labels that are told apart; beyond, entries have none. */
const labelLimit = 65_535
const seeds = [0x2f0b4c47, 0x71d6a3e5] as const
/** Share of the slots that may be taken. */
const fullest = 0.7

/**
 * Indicators by 64 bits of a hash, in open addressing: 17 bytes a slot, 36 MB for a million. What
 * matched is known from the question, so no text is kept; two in 10^13 questions of a list of a million
 * are answered wrongly by chance. Nothing is allocated by asking.
 */
export class IndicatorIndex {
  #keys = new Int32Array(1024 * 2)
  /** Source + 1 in the top byte, the label's number below; 0 for an empty slot. */
  #facts = new Uint32Array(1024)
  #until = new Uint32Array(1024)
  /** Eight bits a slot, one set for each key: most questions end here, in a table that a cache holds. */
  #filter = new Int32Array(1024 / 4)
  #size = 0
  #labels: string[] = ['']
  readonly #labelNumbers = new Map<string, number>([['', 0]])
  readonly #counts = new Map<IndicatorKind, number>()
  /** Prefix lengths of each family that occur, the longest first. */
  readonly #lengths: Record<4 | 6, number[]> = { 4: [], 6: [] }
  #one = 0
  #other = 0

  get size(): number {
    return this.#size
  }

  /** Bytes of its tables. */
  get bytes(): number {
    const { byteLength } = this.#filter
    return this.#keys.byteLength + this.#facts.byteLength + this.#until.byteLength + byteLength
  }

  count(kind: IndicatorKind): number {
    return this.#counts.get(kind) ?? 0
  }

  /** Adds a text of a kind that is compared as a whole, or a domain: in lower case. */
  addText(kind: IndicatorKind, text: string, entry: Entry): void {
    this.#begin(kind)
    for (let at = text.length - 1; at >= 0; at--) this.#mix(text.charCodeAt(at))
    this.#add(kind, entry)
  }

  /** Adds a network: words in network order, `length` bits of them. */
  addNetwork(family: 4 | 6, words: readonly number[], length: number, entry: Entry): void {
    const lengths = this.#lengths[family]
    if (!lengths.includes(length)) lengths.push(length)
    if ((lengths.at(-2) ?? 128) < length) lengths.sort((a, b) => b - a)
    this.#writeNetwork(family, words[0] ?? 0, words[1] ?? 0, words[2] ?? 0, words[3] ?? 0, length)
    this.#add('address', entry)
  }

  /** The slot of a text, -1 if it is not listed; letters may be of any case. */
  findText(kind: IndicatorKind, text: string): number {
    this.#begin(kind)
    for (let at = text.length - 1; at >= 0; at--) this.#mix(lower(text.charCodeAt(at)))
    return this.#find()
  }

  /**
   * Where in `name` a listed domain begins, the shortest first; -1 for none. `slot` tells which.
   * One pass from the end, a look at each dot.
   */
  findDomain(name: string): number {
    this.#begin('domain')
    let dots = 0
    for (let at = name.length - 1; at >= 0; at--) {
      const code = name.charCodeAt(at)
      if (code === dot && ++dots > 1) {
        this.slot = this.#find()
        if (this.slot >= 0) return at + 1
      }
      this.#mix(lower(code))
    }
    this.slot = dots > 0 ? this.#find() : -1
    return this.slot >= 0 ? 0 : -1
  }

  /** Of what was found last by `findDomain` or `findAddress`. */
  slot = -1

  /** How many bits of the address a listed network has; -1 for none. `slot` tells which. */
  findAddress(family: number, word0: number, word1: number, word2: number, word3: number): number {
    if (family !== 4 && family !== 6) return -1
    for (const length of this.#lengths[family]) {
      this.#writeNetwork(family, word0, word1, word2, word3, length)
      this.slot = this.#find()
      if (this.slot >= 0) return length
    }
    return -1
  }

  entry(slot: number): Entry {
    const facts = this.#facts[slot] ?? 0
    const label = this.#labels[facts & 0xffffff] ?? ''
    return { source: (facts >>> 24) - 1, label, until: this.#until[slot] ?? 0 }
  }

  /** Keeps no more than it needs: nothing is added after. */
  seal(): this {
    this.#labelNumbers.clear()
    return this
  }

  #begin(kind: IndicatorKind): void {
    const tag = kinds.indexOf(kind) + 1
    this.#one = seeds[0] ^ Math.imul(tag, 0x9e3779b1)
    this.#other = seeds[1] ^ tag
  }

  #mix(word: number): void {
    this.#one = Math.imul(this.#one ^ word, 0x85ebca6b)
    this.#one ^= this.#one >>> 13
    this.#other = Math.imul(this.#other ^ word, 0xc2b2ae35)
    this.#other ^= this.#other >>> 16
  }

  #writeNetwork(
    family: number,
    word0: number,
    word1: number,
    word2: number,
    word3: number,
    length: number,
  ): void {
    this.#begin('address')
    this.#mix((family << 8) | length)
    this.#mix(word0 & mask(length))
    if (family === 4) return
    this.#mix(word1 & mask(length - 32))
    this.#mix(word2 & mask(length - 64))
    this.#mix(word3 & mask(length - 96))
  }

  #find(): number {
    const bit = this.#other & (this.#filter.length * 32 - 1)
    if (((this.#filter[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return -1
    const last = this.#facts.length - 1
    for (let slot = this.#one & last; ; slot = (slot + 1) & last) {
      if (this.#facts[slot] === 0) return -1
      if (this.#keys[slot * 2] === this.#one && this.#keys[slot * 2 + 1] === this.#other)
        return slot
    }
  }

  #add(kind: IndicatorKind, entry: Entry): void {
    const known = this.#find()
    if (known >= 0) {
      // Listed twice: the one that holds longer counts.
      const until = this.#until[known] ?? 0
      if (until !== 0 && (entry.until === 0 || entry.until > until)) this.#write(known, entry)
      return
    }
    if (this.#size + 1 > this.#facts.length * fullest) this.#grow()
    this.#counts.set(kind, this.count(kind) + 1)
    this.#size++
    this.#write(this.#place(this.#facts, this.#one), entry)
  }

  #write(slot: number, { source, label, until }: Entry): void {
    this.#keys[slot * 2] = this.#one
    this.#keys[slot * 2 + 1] = this.#other
    mark(this.#filter, this.#other)
    this.#facts[slot] = ((source + 1) << 24) | this.#labelNumber(label)
    this.#until[slot] = until
  }

  #labelNumber(label: string): number {
    const known = this.#labelNumbers.get(label)
    if (known !== undefined) return known
    if (this.#labels.length > labelLimit) return 0
    this.#labelNumbers.set(label, this.#labels.length)
    return this.#labels.push(label) - 1
  }

  #place(facts: Uint32Array, hash: number): number {
    let slot = hash & (facts.length - 1)
    while (facts[slot] !== 0) slot = (slot + 1) & (facts.length - 1)
    return slot
  }

  #grow(): void {
    const slots = this.#facts.length * 2
    const keys = new Int32Array(slots * 2)
    const facts = new Uint32Array(slots)
    const until = new Uint32Array(slots)
    const filter = new Int32Array(slots / 4)
    for (let from = 0; from < this.#facts.length; from++) {
      if (this.#facts[from] === 0) continue
      const to = this.#place(facts, this.#keys[from * 2] ?? 0)
      keys[to * 2] = this.#keys[from * 2] ?? 0
      keys[to * 2 + 1] = this.#keys[from * 2 + 1] ?? 0
      facts[to] = this.#facts[from] ?? 0
      until[to] = this.#until[from] ?? 0
      mark(filter, this.#keys[from * 2 + 1] ?? 0)
    }
    this.#keys = keys
    this.#facts = facts
    this.#until = until
    this.#filter = filter
  }
}

const dot = 46

function mark(filter: Int32Array, hash: number): void {
  const bit = hash & (filter.length * 32 - 1)
  filter[bit >>> 5] = (filter[bit >>> 5] ?? 0) | (1 << (bit & 31))
}

function lower(code: number): number {
  return code >= 65 && code <= 90 ? code | 32 : code
}

/** The top `bits` of a word. */
function mask(bits: number): number {
  if (bits <= 0) return 0
  return bits >= 32 ? -1 : -1 << (32 - bits)
}
