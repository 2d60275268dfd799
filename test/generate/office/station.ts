import { type Part } from './cast.ts'
import { type Dice } from './dice.ts'
import { type End } from './wire.ts'

export const SECOND = 1e6
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** A device on the LAN, and what it remembers. */
export class Station {
  readonly part: Part
  readonly dice: Dice
  mac: string
  ip: string
  /** On the network. */
  online = false
  /** Somebody sits before it. */
  attended = false
  /** When the DHCP lease ends, µs. */
  leaseUntil = 0
  /** Address on the link: when it must be asked for again. */
  readonly neighbours = new Map<string, number>()
  readonly names = new Map<string, { readonly address: string; readonly until: number }>()
  /** Connections to names that are still open. */
  readonly open = new Map<string, number>()
  #port: number

  constructor(part: Part, dice: Dice) {
    this.part = part
    this.dice = dice
    this.mac = part.mac
    this.ip = `192.168.10.${part.host}`
    this.#port = dice.int(49_152, 60_000)
  }

  get name(): string {
    return this.part.name
  }

  /** Made of the MAC, as RFC 4291 says. */
  get linkLocal(): string {
    const bytes = this.mac.split(':').map(text => Number.parseInt(text, 16))
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes
    const words = [((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f]
    return `fe80::${words.map(word => word.toString(16)).join(':')}`
  }

  /** In the office's own prefix. */
  get ula(): string {
    return this.linkLocal.replace('fe80::', 'fd00:10::')
  }

  /** This device with a port that it has not used for long. */
  end(port = this.nextPort()): End {
    return { mac: this.mac, ip: this.ip, port }
  }

  end6(port = this.nextPort()): End {
    return { mac: this.mac, ip: this.ula, port }
  }

  nextPort(): number {
    this.#port += this.dice.int(1, 5)
    if (this.#port > 65_000) this.#port = 49_152
    return this.#port
  }

  /** The same device in the hands of another program, which disturbs nothing that it remembers. */
  shadow(dice: Dice): Station {
    const other = new Station(this.part, dice)
    other.mac = this.mac
    other.ip = this.ip
    other.online = true
    return other
  }
}
