/** A power of two: texts kept. Direct-mapped, so the bound needs no bookkeeping. */
const slots = 2048

const texts: string[] = new Array<string>(slots).fill('')
const highs = new Int32Array(slots).fill(-1)
const lows = new Int32Array(slots)
const octets = Array.from({ length: 256 }, (_, octet) =>
  octet.toString(16).toUpperCase().padStart(2, '0'),
)

/**
 * A MAC address as ECS writes it (`00-00-5E-00-53-23`) from its first three bytes (the OUI) and
 * its last three; `undefined` for all zeros, which stands for no address. The same address mostly
 * gives the same string object.
 */
export function macText(high: number, low: number): string | undefined {
  if ((high | low) === 0) return undefined
  const index = Math.imul(low ^ Math.imul(high, 31), 0x9e3779b1) >>> 21
  const known = texts[index]
  if (known !== undefined && lows[index] === low && highs[index] === high) return known
  const text = `${threeOctets(high)}-${threeOctets(low)}`
  texts[index] = text
  highs[index] = high
  lows[index] = low
  return text
}

function threeOctets(value: number): string {
  const octet = (shift: number) => octets[(value >>> shift) & 255] ?? ''
  return `${octet(16)}-${octet(8)}-${octet(0)}`
}

/** A MAC address as two numbers of 24 bits: `high` is the OUI. */
export class MacAddress {
  readonly high: number
  readonly low: number

  constructor(high: number, low: number) {
    this.high = high
    this.low = low
  }

  /** The six bytes at `offset` of `view`. */
  static read(view: DataView, offset: number): MacAddress {
    return new MacAddress(readHigh(view, offset), readLow(view, offset))
  }

  /** The address in a text of twelve hexadecimal digits, with any of `-:.` between; else `undefined`. */
  static parse(text: string): MacAddress | undefined {
    const digits = text.replace(/[-:.]/g, '')
    if (!/^[0-9a-f]{12}$/i.test(digits)) return undefined
    const [high, low] = [digits.slice(0, 6), digits.slice(6)]
    return new MacAddress(Number.parseInt(high, 16), Number.parseInt(low, 16))
  }

  get text(): string | undefined {
    return macText(this.high, this.low)
  }
}

/** The first three bytes of the MAC at `offset` as a number. */
export function readHigh(view: DataView, offset: number): number {
  return (view.getUint16(offset) << 8) | view.getUint8(offset + 2)
}

/** The last three bytes of the MAC at `offset` as a number. */
export function readLow(view: DataView, offset: number): number {
  return (view.getUint8(offset + 3) << 16) | view.getUint16(offset + 4)
}
