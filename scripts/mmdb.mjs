// Writes MaxMind DB files, format 2.0 (https://maxmind.github.io/MaxMind-DB/), records of 24 bits.

const recordBits = 24
const most = 2 ** recordBits
const longestText = 284

/** A table of networks: ranges of addresses, each with a value; they do not overlap, or the later wins. */
export class MmdbWriter {
  #nodes = new Int32Array(2 << 16)
  #count = 1
  /** @type {Buffer[]} */
  #data = []
  #bytes = 0
  #known = new Map()
  #keys = new Map()
  #begin = [0, 0, 0, 0]
  #end = [0, 0, 0, 0]
  #wholeFrom = 0
  #wholeTo = 0

  /**
   * `first` to `last`, four words of 32 bits each, as in ::ffff:0:0 without the ffff: IPv4 lies below
   * ::/96. `value` is a map of texts and numbers below 2^32.
   */
  add(first, last, value) {
    this.#begin = first
    this.#end = last
    this.#wholeFrom = 128 - bitsBehind(first, 0)
    this.#wholeTo = 128 - bitsBehind(last, -1)
    this.#set(0, 0, true, true, -1 - this.#store(value))
  }

  /** The file; throws when it is beyond what records of 24 bits can point at. */
  finish(type, epoch) {
    const count = this.#count
    if (count + 16 + this.#bytes >= most) throw new Error('too many networks for one file')
    const tree = Buffer.alloc(count * 6)
    for (let at = 0; at < count * 2; at++) {
      const child = this.#nodes[at]
      const pointer = child === 0 ? count : child > 0 ? child : count + 16 + (-1 - child)
      tree.writeUIntBE(pointer, at * 3, 3)
    }
    const metadata = map([
      ['binary_format_major_version', unsigned(5, 2)],
      ['binary_format_minor_version', unsigned(5, 0)],
      ['build_epoch', unsigned(9, epoch)],
      ['database_type', text(type)],
      ['description', map([])],
      ['ip_version', unsigned(5, 6)],
      ['languages', head(11, 0)],
      ['node_count', unsigned(6, count)],
      ['record_size', unsigned(5, recordBits)],
    ])
    const mark = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')
    return Buffer.concat([tree, Buffer.alloc(16), ...this.#data, mark, metadata])
  }

  /**
   * Sets the part of the range that lies below `node`, at the depth of `bit`: all of it, or what comes
   * behind the begin, or before the end, where the way leads along them.
   */
  #set(node, bit, alongBegin, alongEnd, leaf) {
    const from = alongBegin ? bitOf(this.#begin, bit) : 0
    const to = alongEnd ? bitOf(this.#end, bit) : 1
    if (from === 0) this.#half(node * 2, bit + 1, alongBegin, alongEnd && to === 0, leaf)
    if (to === 1) this.#half(node * 2 + 1, bit + 1, alongBegin && from === 1, alongEnd, leaf)
  }

  #half(at, bit, alongBegin, alongEnd, leaf) {
    const isWhole = !(alongBegin && bit < this.#wholeFrom) && !(alongEnd && bit < this.#wholeTo)
    if (isWhole) this.#nodes[at] = leaf
    else this.#set(this.#child(at), bit, alongBegin, alongEnd, leaf)
  }

  #child(at) {
    const child = this.#nodes[at]
    if (child > 0) return child
    if (this.#count * 2 === this.#nodes.length) {
      const larger = new Int32Array(this.#nodes.length * 2)
      larger.set(this.#nodes)
      this.#nodes = larger
    }
    const made = this.#count++
    this.#nodes.fill(child, made * 2, made * 2 + 2)
    this.#nodes[at] = made
    return made
  }

  #store(value) {
    const name = Object.values(value).join('\n')
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const entries = Object.entries(value).map(([key, one]) => [
      this.#key(key),
      typeof one === 'number' ? unsigned(6, one) : text(one),
    ])
    const place = this.#append(Buffer.concat([head(7, entries.length), ...entries.flat()]))
    this.#known.set(name, place)
    return place
  }

  /** Names of fields are written once and pointed at. */
  #key(name) {
    const known = this.#keys.get(name)
    if (known !== undefined) return known
    const place = this.#append(text(name))
    if (place >= 2048) throw new Error('too many names of fields')
    const pointer = Buffer.from([0x20 | (place >> 8), place & 255])
    this.#keys.set(name, pointer)
    return pointer
  }

  #append(bytes) {
    const place = this.#bytes
    this.#data.push(bytes)
    this.#bytes += bytes.length
    return place
  }
}

function bitOf(words, bit) {
  return (words[bit >> 5] >>> (31 - (bit & 31))) & 1
}

/** How many bits at the end are as those of `filler`, 0 or -1. */
function bitsBehind(words, filler) {
  let index = 3
  while (index >= 0 && (words[index] | 0) === filler) index--
  const other = index < 0 ? 0 : words[index] ^ filler
  return (3 - index) * 32 + (index < 0 ? 0 : 31 - Math.clz32(other & -other))
}

function map(entries) {
  return Buffer.concat([
    head(7, entries.length),
    ...entries.flatMap(([key, one]) => [text(key), one]),
  ])
}

function text(value) {
  let short = value
  while (Buffer.byteLength(short) > longestText) short = short.slice(0, -1).toWellFormed()
  const bytes = Buffer.from(short)
  return Buffer.concat([head(2, bytes.length), bytes])
}

/** Types 5, 6 and 9: unsigned of 16, 32 and 64 bits, without zeros in front. */
function unsigned(type, value) {
  const digits = value === 0 ? '' : value.toString(16)
  const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex')
  return Buffer.concat([head(type, bytes.length), bytes])
}

/** The control bytes: a type, those above 7 in a byte of their own, and a size below 285. */
function head(type, size) {
  const kind = type <= 7 ? type << 5 : 0
  const more = type <= 7 ? [] : [type - 7]
  return Buffer.from(size < 29 ? [kind | size, ...more] : [kind | 29, ...more, size - 29])
}
