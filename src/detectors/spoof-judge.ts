import { type ArpEvent } from '../decode/arp.ts'
import { nearestMinute } from '../decode/clock.ts'
import { macText } from '../decode/mac.ts'
import { type NdpEvent } from '../decode/ndp.ts'
import { sharedBy } from '../enrich/vendor.ts'
import { Bounded, type Kept } from './bounded.ts'
import { type DetectorContext } from './detector.ts'
import { type Gateways } from './gateways.ts'
import { macKey } from './keys.ts'
import { type Leases } from './leases.ts'
import { type Claim, type Claimant } from './link-claims.ts'

/** What speaks for a claim being a lie, and how much; what speaks against it is negative. */
const weights = {
  conflict: 0.3,
  gateway: 0.3,
  unsolicited: 0.2,
  alive: 0.2,
  several: 0.2,
  again: 0.1,
  frame: 0.1,
  'owner-quiet': -0.2,
  handover: -0.1,
  asked: -0.3,
  virtual: -0.4,
} as const

type Reason = keyof typeof weights

/** µs: an owner that was heard of no longer ago is there. */
const present = 60e6
/** Answers nobody asked for, after which it is their sender that is suspected, also if he was first. */
const persistent = 3
/** How much surer it must be before it is told again. */
const step = 0.2
const mostAddresses = 16

/** An address that two claim: as text, as `linkKey`, and as its family and words. */
export interface Disputed {
  readonly address: string
  readonly key: number
  readonly words: readonly [number, number, number, number, number]
}

interface Suspect extends Kept {
  /** Addresses of others that he claims, the first sixteen. */
  readonly addresses: string[]
}

interface Parties {
  readonly liar: Claimant
  readonly victim: Claimant
}

interface Verdict extends Parties {
  readonly alive: boolean
  readonly reasons: readonly Reason[]
  readonly score: number
  readonly suspect: Suspect
}

export interface JudgeParts extends Pick<DetectorContext, 'devices' | 'signal'> {
  readonly gateways: Gateways
  readonly leases: Leases
  /** Certainty below which nothing is said. */
  readonly score: number
}

/** Who of two lies about an address, and how sure that is. */
export class SpoofJudge {
  readonly suspects = new Bounded<Suspect>({ limit: 1024, idle: () => 3600e6 })
  readonly #parts: JudgeParts

  constructor(parts: JudgeParts) {
    this.#parts = parts
  }

  /** Says so when what was just claimed is, by all that is known, a lie. */
  judge(event: ArpEvent | NdpEvent, claim: Claim, disputed: Disputed): void {
    if (claim.rival === undefined) return
    const verdict = this.#verdict(event, parties(claim.owner, claim.rival), disputed)
    const { score } = verdict
    if (score < this.#parts.score || score < claim.told + step) return
    claim.told = score
    this.#say(event, verdict, disputed)
  }

  #verdict(event: ArpEvent | NdpEvent, { liar, victim }: Parties, disputed: Disputed): Verdict {
    const suspect = this.#suspect(liar, disputed.address, event.time)
    const { gateways, leases } = this.#parts
    const gateway = gateways.has(victim.high, victim.low) || leases.isRouter(disputed.address)
    const heard = Math.max(
      victim.last,
      this.#heard(victim, disputed),
      gateway ? gateways.heard(victim.high, victim.low) : 0,
    )
    const alive = heard > liar.first
    const holds: Readonly<Record<Reason, boolean>> = {
      conflict: true,
      gateway,
      unsolicited: liar.unsolicited > 0,
      alive,
      several: suspect.addresses.length > 1,
      again: alive && liar.claims > 1,
      frame: event.ethernetSource !== undefined,
      'owner-quiet': !alive && liar.first - heard > present,
      // An address that moves to the machine that stands by is announced, not answered for.
      handover: !alive && liar.unsolicited === 0,
      asked: !gateway && leases.asked(disputed.key, liar.high, liar.low, event.time),
      virtual: isShared(liar) || isShared(victim),
    }
    const reasons = (Object.keys(weights) as Reason[]).filter(reason => holds[reason])
    const sum = reasons.reduce((total, reason) => total + weights[reason], 0)
    const score = Math.round(100 * Math.min(1, Math.max(0, sum))) / 100
    return { liar, victim, alive, reasons, score, suspect }
  }

  /** When the card was seen with the address last, by any traffic. */
  #heard({ high, low }: Claimant, { words }: Disputed): number {
    return this.#parts.devices.get(high, low)?.find(...words)?.last ?? 0
  }

  #suspect({ high, low }: Claimant, address: string, time: number): Suspect {
    const key = macKey(high, low)
    const suspect = this.suspects.get(key, time) ?? { addresses: [], last: time }
    suspect.last = time
    const { addresses } = suspect
    if (addresses.length < mostAddresses && !addresses.includes(address)) addresses.push(address)
    this.suspects.add(key, suspect, time)
    return suspect
  }

  #say(event: ArpEvent | NdpEvent, verdict: Verdict, { address }: Disputed): void {
    const { liar, victim, alive, reasons, score, suspect } = verdict
    const mac = macText(liar.high, liar.low) ?? ''
    const owner = macText(victim.high, victim.low) ?? ''
    const gateway = reasons.includes('gateway')
    const isHis = event.kind === 'arp' && event.sourceMac === mac
    const whose = gateway ? `${address}, the address of a router,` : address
    this.#parts.signal({
      name: 'arp-spoof',
      score,
      entity: mac,
      identity: [address, owner, nearestMinute(liar.first), Math.round(score * 10)],
      message: `${mac} claims ${whose} which belongs to ${owner}`,
      evidence: {
        address,
        owner,
        gateway,
        unsolicited: liar.unsolicited,
        claims: liar.claims,
        owner_alive: alive,
        addresses: [...suspect.addresses],
        protocol: event.kind,
        reasons: [...reasons],
      },
      fields: { 'source.mac': mac, 'source.ip': address },
      ...(isHis && { trigger: event }),
    })
  }
}

/** Who came first is believed, but for one who insists unasked while the other only answers. */
function parties(owner: Claimant, rival: Claimant): Parties {
  const insists = owner.unsolicited >= persistent && rival.unsolicited === 0
  return insists ? { liar: owner, victim: rival } : { liar: rival, victim: owner }
}

function isShared({ high, low }: Claimant): boolean {
  return sharedBy(high, low) !== undefined
}
