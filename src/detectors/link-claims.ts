import { type Packet } from '../decode/packet.ts'
import { Bounded, type Kept } from './bounded.ts'
import { linkKey, sourceKey } from './keys.ts'

/** Who says that an address is his: a MAC as two numbers of 24 bits. */
export interface Claimant {
  readonly high: number
  readonly low: number
  /** µs of event time: his first and his latest word. */
  readonly first: number
  last: number
  /** Answers that nobody had asked for. */
  unsolicited: number
  claims: number
}

/** An address on a link, who has it, and who else says so. */
export interface Claim extends Kept {
  owner: Claimant
  rival: Claimant | undefined
  /** µs: when somebody asked for the address last. */
  asked: number
  /** Score at which it was told of last, 0 for never. */
  told: number
}

/** One message that says who has an address. */
export interface Claiming {
  readonly key: number
  readonly high: number
  readonly low: number
  readonly time: number
  /** An answer; else a request or an announcement, whose sender says so by the way. */
  readonly isReply: boolean
}

/** A question is open for this long, µs. */
const question = 5e6

/** Who has which address, as ARP and neighbour discovery say. */
export class LinkClaims {
  readonly table: Bounded<Claim>
  readonly #asked: Bounded<Kept>
  readonly #quiet: number

  /** `quiet`: µs of an owner's silence after which whoever says so has the address. */
  constructor(limit: number, quiet: number) {
    this.#quiet = quiet
    this.table = new Bounded({ limit, idle: () => 24 * 3600e6 })
    this.#asked = new Bounded({ limit, idle: () => question })
  }

  /** Somebody asks for the address. */
  ask(key: number, time: number): void {
    const known = this.table.get(key, time)
    if (known !== undefined) known.asked = time
    else this.#asked.add(key, { last: time }, time)
  }

  /** Whoever opens a conversation from an address that he claims is there. */
  hear(packet: Packet): void {
    if (!packet.onLink) return
    const { time, sourceMacHigh, sourceMacLow } = packet
    const claim = this.table.get(linkKey(packet, sourceKey(packet)), time)
    if (claim === undefined) return
    for (const who of [claim.owner, claim.rival]) {
      if (who?.high !== sourceMacHigh || who.low !== sourceMacLow) continue
      if (time > who.last) who.last = time
    }
  }

  /** Takes note of a claim; the address when two claim it, else undefined. */
  take(claiming: Claiming): Claim | undefined {
    const { key, high, low, time } = claiming
    const claim = this.table.get(key, time)
    if (claim === undefined) {
      const owner = claimant(claiming)
      if (this.#unasked(claiming, undefined)) owner.unsolicited++
      this.table.add(key, { owner, rival: undefined, asked: 0, told: 0, last: time }, time)
      return undefined
    }
    claim.last = Math.max(claim.last, time)
    const who = this.#who(claim, claiming)
    who.claims++
    if (time > who.last) who.last = time
    if (this.#unasked(claiming, claim)) who.unsolicited++
    if (high === claim.owner.high && low === claim.owner.low) return claim.rival && claim
    return this.#settle(claim, time) ? undefined : claim
  }

  /** The address belongs to this MAC from now on: a DHCP server gave it. */
  give(key: number, high: number, low: number, time: number): void {
    const claim = this.table.get(key, time)
    if (claim === undefined || (claim.owner.high === high && claim.owner.low === low)) return
    claim.owner = claimant({ high, low, time })
    claim.rival = undefined
    claim.told = 0
  }

  advance(time: number): void {
    this.table.advance(time)
    this.#asked.advance(time)
  }

  #who(claim: Claim, { high, low, time }: Claiming): Claimant {
    const { owner, rival } = claim
    if (owner.high === high && owner.low === low) return owner
    if (rival !== undefined && rival.high === high && rival.low === low) return rival
    const next = claimant({ high, low, time })
    next.claims = 0
    claim.rival = next
    claim.told = 0
    return next
  }

  /** The rival has the address when its owner has said nothing for long enough. */
  #settle(claim: Claim, time: number): boolean {
    const { owner, rival } = claim
    if (rival === undefined || time - owner.last < this.#quiet) return false
    claim.owner = rival
    claim.rival = undefined
    claim.told = 0
    return true
  }

  #unasked({ key, time, isReply }: Claiming, claim: Claim | undefined): boolean {
    if (!isReply) return false
    const asked = claim?.asked || this.#asked.get(key, time)?.last
    return asked === undefined || time - asked > question
  }
}

function claimant({ high, low, time }: { high: number; low: number; time: number }): Claimant {
  return { high, low, first: time, last: time, unsolicited: 0, claims: 1 }
}
