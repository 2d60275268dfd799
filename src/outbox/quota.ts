import { statfs } from 'node:fs/promises'
import { levels } from '../alerts/alert.ts'
import { type Environment } from '../storage/environment.ts'
import { type Backlog } from './backlog.ts'
import { Ballast } from './ballast.ts'
import { type Lane } from './lane.ts'

const level = (name: (typeof levels)[number]) => levels.indexOf(name)

/** From which fill on which alerts are given up, oldest first. */
const steps = [
  { fill: 0.8, level: level('low') },
  { fill: 0.9, level: level('medium') },
  { fill: 0.95, level: level('high') },
  { fill: 1, level: level('critical') },
] as const
/** How far below its step the fill is brought. */
const slack = 0.01
const dropsAtOnce = 2000
const deadShare = 0.1
const deadAge = 7 * 86_400_000
/** What other programs are left of the disk: the smaller of the two. */
const reserve = { share: 0.05, bytes: 512 * 1024 * 1024 }
/** A nearly full disk alone makes the quota no smaller than this. */
const leastQuota = 16 * 1024 * 1024
/** Nor does a full one make it smaller than this: what little waits is not what filled it. */
const leastSqueezed = 1024 * 1024

export interface QuotaParts {
  readonly bytes: number
  readonly environment: Environment
  readonly backlog: Backlog
  readonly lanes: readonly Lane[]
}

/**
 * Keeps the queue within its bytes by giving up, in this order: dead letters older than seven days,
 * then alerts by level and age, for each sink its own. Those of a sink that has not fallen behind go
 * only when what the others gave up was not enough.
 */
export class Quota {
  readonly #parts: QuotaParts
  /** Below these numbers the steps have nothing left to drop for a sink. */
  readonly #from = new Map<Lane, number[]>()
  readonly #ballast: Ballast
  #limit: number
  #squeezed: number | undefined

  constructor(parts: QuotaParts) {
    this.#parts = parts
    this.#limit = parts.bytes
    this.#ballast = new Ballast(parts.environment.directory)
  }

  /** Bytes that may be used now. */
  get limit(): number {
    // Room may have come since the disk was looked at, and alerts with it that are to be kept.
    const squeezed = this.#isFull ? this.#squeezed : undefined
    return Math.min(this.#limit, squeezed ?? Number.POSITIVE_INFINITY)
  }

  get used(): number {
    return this.#parts.backlog.bytes + this.#deadBytes()
  }

  get #isFull(): boolean {
    return this.#parts.environment.health().state === 'disk_full'
  }

  /** Looks at the disk: its reserve shrinks the quota, and when it is full, more and more. */
  async look(): Promise<void> {
    const { environment, bytes } = this.#parts
    const full = this.#isFull
    const most = Math.min(this.#squeezed ?? this.used, this.used)
    this.#squeezed = full ? Math.max(leastSqueezed, most * 0.95) : undefined
    if (full) await this.#ballast.release()
    const disk = await statfs(environment.directory).catch(() => undefined)
    if (disk === undefined) return
    const free = disk.bavail * disk.bsize
    if (!full) await this.#ballast.keep(free)
    const spare = free - Math.min(reserve.bytes, disk.blocks * disk.bsize * reserve.share)
    const room = Math.max(leastQuota, environment.fileBytes() + Math.max(0, spare))
    this.#limit = Math.min(bytes, room)
  }

  /** Drops what is too much. True when it stopped early, to let others run. */
  enforce(): boolean {
    this.#dropDead()
    let left = dropsAtOnce
    for (const lane of this.#inTurn()) {
      for (const [index, step] of steps.entries()) {
        if (this.#load(lane) > step.fill * this.limit) left = this.#drop(lane, index, left)
        if (left <= 0) return true
      }
    }
    return false
  }

  /** Whoever has fallen behind goes first, the farthest before all; the others hardly ever need to. */
  #inTurn(): Lane[] {
    const order = (lane: Lane) => (this.#isBehind(lane) ? 1 : 0)
    return this.#parts.lanes.toSorted(
      (a, b) => order(b) - order(a) || b.store.pendingBytes - a.store.pendingBytes,
    )
  }

  /** The others will soon be done with theirs. */
  #isBehind({ circuit, store }: Lane): boolean {
    return circuit.state !== 'up' || store.pendingBytes > this.#limit / 2
  }

  /** What a sink keeps; once all is used nobody is spared, a full disk alone spares who takes what comes. */
  #load(lane: Lane): number {
    const { used } = this
    if (used >= this.#limit) return used
    return this.#isBehind(lane) ? this.#deadBytes() + lane.store.pendingBytes : 0
  }

  /** Drops a sink's alerts of one step; gives how many more may be dropped now. */
  #drop(lane: Lane, index: number, most: number): number {
    const step = steps[index] ?? steps[3]
    const target = (step.fill - slack) * this.limit
    const from = this.#from.get(lane) ?? steps.map(() => 0)
    this.#from.set(lane, from)
    let left = most
    let inOrder = true
    for (const sequence of this.#parts.backlog.upTo(step.level, from[index] ?? 0)) {
      if (left <= 0 || this.#load(lane) <= target) break
      const wasDone = lane.store.isDone(sequence)
      if (!wasDone && lane.drop(sequence)) left--
      inOrder &&= lane.store.isDone(sequence)
      if (inOrder) from[index] = sequence
    }
    return left
  }

  #deadBytes(): number {
    return this.#parts.lanes.reduce((sum, { store }) => sum + store.deadBytes, 0)
  }

  /** Dead letters: never more than a tenth of the quota, and when room is short not for ever. */
  #dropDead(): void {
    const short = this.used > steps[0].fill * this.limit
    const tooMany = () => this.#deadBytes() > deadShare * this.limit
    if (!short && !tooMany()) return
    const now = Date.now()
    const bySize = this.#parts.lanes.toSorted((a, b) => b.store.deadBytes - a.store.deadBytes)
    for (const { store } of bySize) {
      if (store.account.dead === 0) continue
      for (const { key, bytes, at } of store.deadLetters(256)) {
        const old = short && now - at > deadAge
        if (!old && !tooMany()) break
        store.dropDead(key, bytes)
      }
    }
  }
}
