import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pathToFileURL } from 'node:url'
import { pcapHeader } from '../pcap.ts'
import { type Attack, type Truth } from './attacks/attack.ts'
import { attacks as known } from './attacks/index.ts'
import { browse, typos } from './browsing.ts'
import { CAST, type Part } from './cast.ts'
import { chatter, gateway } from './chatter.ts'
import { Dice } from './dice.ts'
import { administration, backup, files, printing, stale } from './inside.ts'
import { Lan } from './lan.ts'
import { renewals } from './lease.ts'
import { monitoring } from './monitor.ts'
import { type OfficeOptions, officeArguments, type Planned } from './options.ts'
import { companion, resident } from './presence.ts'
import { quirks } from './quirks.ts'
import { Schedule } from './schedule.ts'
import { DAY, MINUTE, SECOND, Station } from './station.ts'
import { cloudContacts, failures, mail, ntp, push, updates } from './system.ts'
import { camera, printer, telephone, tv, videoCalls } from './things.ts'
import { type Frame, framesOf, Records, Wire } from './wire.ts'
import { World } from './world.ts'

/** Monday 2026-03-02 00:00 UTC, µs. */
export const START = Date.UTC(2026, 2, 2) * 1000

/**
 * An ordinary office of 32 devices, day after day: the same options give the same bytes, and the
 * same days with an attack differ by the attack's frames alone. Iterate over it once.
 */
export class Office implements Iterable<Frame> {
  /** What the attacks do and what should be told of them. */
  readonly truth: readonly Truth[]
  readonly start: number
  readonly end: number
  readonly #lan: Lan
  readonly #records: Records

  constructor(options: OfficeOptions = {}) {
    const { seed = 1, days = 14, start = START, density = 1, attacks = [] } = options
    const { indicator = 'update.blackpetal.net' } = options
    this.start = start
    this.end = start + days * DAY
    const dice = new Dice(seed)
    const schedule = new Schedule()
    schedule.now = start
    this.#records = new Records(schedule)
    this.#lan = new Lan({
      schedule,
      dice: dice.fork('lan'),
      wire: new Wire(this.#records, dice.fork('wire')),
      world: new World(dice.fork('world'), start),
    })
    for (const part of CAST)
      this.#lan.stations.set(part.name, new Station(part, dice.fork(part.name)))
    populate(this.#lan, dice, start, density)
    this.truth = attacks.map(plan => launch(this.#lan, dice, plan, start, indicator))
  }

  /** Frames and bytes so far. */
  get counts(): { readonly frames: number; readonly bytes: number } {
    const { frames, bytes } = this.#records
    return { frames, bytes }
  }

  /** A pcap file in pieces: its header, then about a MiB each. */
  *chunks(): Generator<Buffer, void, void> {
    yield pcapHeader()
    yield* this.#write()
  }

  /** Frames in the order of time. */
  *[Symbol.iterator](): Generator<Frame, void, void> {
    for (const chunk of this.#write()) yield* framesOf(chunk)
  }

  /** A pcap file as a stream. */
  stream(): Readable {
    return Readable.from(this.chunks(), { objectMode: false, highWaterMark: 1 << 20 })
  }

  *#write(): Generator<Buffer, void, void> {
    const records = this.#records
    const { schedule } = this.#lan
    while (schedule.step(this.end)) if (records.isFull) yield records.take()
    const rest = records.take()
    if (rest.length > 0) yield rest
  }
}

/** Writes the office to a pcap file; resolves with what was written and what the attacks are. */
export async function writeOffice(path: string, options: OfficeOptions = {}) {
  const made = new Office(options)
  await pipeline(made.stream(), createWriteStream(path))
  return { ...made.counts, truth: made.truth }
}

/** The office as an iterable of frames; see `Office`. */
export function office(options: OfficeOptions = {}): Office {
  return new Office(options)
}

function launch(
  lan: Lan,
  dice: Dice,
  { name, at }: Planned,
  start: number,
  indicator: string,
): Truth {
  const attack: Attack = known[name]
  const time = start + (at ?? attack.at)
  const own = dice.fork(`attack ${name}`)
  const context = { lan: lan.twin(own), dice: own, time, indicator }
  const { process, truth } = attack.plan(context)
  lan.spawn(process, time)
  return { name, start: time, ...truth }
}

function populate(lan: Lan, dice: Dice, start: number, density: number): void {
  lan.spawn(gateway(lan))
  for (const station of lan.stations.values()) {
    const { part } = station
    lan.spawn(
      isPersonal(part)
        ? companion(lan, station, dice.fork(owner(part)), start)
        : resident(lan, station),
    )
    lan.spawn(renewals(lan, station))
    lan.spawn(chatter(lan, station))
    lan.spawn(ntp(lan, station))
    behave(lan, station, start, density)
    for (const quirk of quirks[part.name] ?? []) lan.spawn(quirk(lan, station, start))
  }
}

function isPersonal({ role }: Part): boolean {
  return role === 'laptop' || role === 'phone' || role === 'guest'
}

/** The first eight phones belong to the first eight laptops' people. */
function owner({ role, host }: Part): string {
  return `person ${role === 'phone' ? host - 20 : host}`
}

function behave(lan: Lan, station: Station, start: number, density: number): void {
  switch (station.part.role) {
    case 'laptop':
    case 'guest':
      work(lan, station, start, density)
      break
    case 'phone':
      carry(lan, station, start, density)
      break
    case 'tv':
      lan.spawn(tv(lan, station, start))
      break
    case 'camera':
      lan.spawn(camera(lan, station))
      break
    case 'telephone':
      lan.spawn(telephone(lan, station, start))
      break
    case 'printer':
      lan.spawn(printer(lan, station, start))
      break
    case 'monitor':
      lan.spawn(monitoring(lan, station))
      lan.spawn(backup(lan, station, start))
      lan.spawn(updates(lan, station, start))
      break
    case 'nas':
      lan.spawn(updates(lan, station, start))
      break
  }
}

function work(lan: Lan, station: Station, start: number, density: number): void {
  const { part } = station
  lan.spawn(browse(lan, station, { pause: (25 * MINUTE) / density, favourites: 18 }))
  lan.spawn(typos(lan, station))
  lan.spawn(failures(lan, station))
  lan.spawn(cloudContacts(lan, station))
  lan.spawn(updates(lan, station, start))
  if (part.role === 'guest') return
  lan.spawn(files(lan, station))
  lan.spawn(printing(lan, station))
  lan.spawn(videoCalls(lan, station))
  lan.spawn(administration(lan, station))
  if (part.docked === true) lan.spawn(backup(lan, station, start))
  if (part.system === 'windows') lan.spawn(stale(lan, station))
  if (part.host % 2 === 0 || part.docked === true) lan.spawn(mail(lan, station))
  if (part.system === 'macos') lan.spawn(push(lan, station, applePush(part)))
}

function carry(lan: Lan, station: Station, start: number, density: number): void {
  const { part } = station
  lan.spawn(browse(lan, station, { pause: (28 * MINUTE) / density, favourites: 9 }))
  lan.spawn(cloudContacts(lan, station))
  lan.spawn(updates(lan, station, start))
  const google = {
    name: 'mtalk.google.com',
    shape: 'android-push',
    port: 5228,
    every: 280 * SECOND,
  } as const
  lan.spawn(push(lan, station, part.system === 'ios' ? applePush(part) : google))
}

function applePush({ host }: Part) {
  const name = `${(host % 7) + 1}-courier.push.apple.com`
  return { name, shape: 'apple-push', port: 5223, every: 220 * SECOND } as const
}

// node office.js OUT.pcap [--days N] [--seed S] [--attack NAME…]: prints what the attacks are.
const [, script = '', ...args] = process.argv
if (import.meta.url === pathToFileURL(script).href) {
  const { options, rest } = officeArguments(args)
  const [path] = rest
  if (path === undefined) throw new RangeError('say where to write: node office.js OUT.pcap')
  process.stdout.write(`${JSON.stringify(await writeOffice(path, options), undefined, 2)}\n`)
}
