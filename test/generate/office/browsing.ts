import { type Lan } from './lan.ts'
import { type Process } from './schedule.ts'
import { MINUTE, SECOND, type Station } from './station.ts'
import { type Exchange, plain, quic, secure } from './web.ts'
import { type Host, type Site } from './world.ts'

/** How often people browse, and what. */
export interface BrowsingOptions {
  /** Mean pause between two visits, µs. */
  readonly pause: number
  readonly favourites: number
}

/** How long a browser keeps a connection that it does not use. */
const KEPT = 75 * SECOND

/** Somebody who browses whenever sitting before the device. */
export function* browse(lan: Lan, station: Station, options: BrowsingOptions): Process {
  const dice = station.dice.fork('browsing')
  const { sites } = lan.world
  const favourites = pickFavourites(sites, options.favourites, dice)
  for (;;) {
    yield lan.now + dice.exp(options.pause)
    if (!station.online || !station.attended) continue
    const pages = dice.int(1, 5)
    for (let page = 0; page < pages && station.attended; page++) {
      // Most pages are of the sites that one knows, popular ones first; a few are new.
      const known = dice.chance(0.94)
      const site = known
        ? favourites[dice.zipf(favourites.length)]
        : sites[dice.zipf(sites.length, 0.8)]
      if (site !== undefined) yield* visit(lan, station, site)
      yield lan.now + dice.exp(35 * SECOND)
    }
  }
}

function pickFavourites(sites: readonly Site[], count: number, dice: Station['dice']): Site[] {
  const chosen = new Set<Site>()
  while (chosen.size < count) {
    const site = sites[dice.zipf(sites.length, 0.7)]
    if (site !== undefined) chosen.add(site)
  }
  return [...chosen]
}

/** A page: its own names first, then those it loads from. */
export function* visit(lan: Lan, station: Station, site: Site): Process {
  const { dice } = station
  const [first, ...rest] = site.own
  if (first === undefined) return
  if (site.domain.length % 23 === 0 && (station.open.get(first.name) ?? 0) < lan.now) {
    lan.spawn(redirected(lan, station, first))
    yield lan.now + 0.2 * SECOND
  }
  fetchFrom(lan, station, first)
  yield lan.now + dice.around(0.25, 0.6) * SECOND
  // What is cached is not asked for again.
  const others = [...rest, ...site.others].filter(() => dice.chance(0.55))
  for (const host of others) {
    fetchFrom(lan, station, host)
    yield lan.now + dice.exp(0.04 * SECOND)
  }
}

/** The first visit without https. */
function* redirected(lan: Lan, station: Station, host: Host): Process {
  yield* plain(lan, station, host, {
    target: '/',
    userAgent: station.part.userAgent ?? 'Mozilla/5.0',
    status: 301,
    reason: 'Moved Permanently',
    type: 'text/html',
    size: 170,
  })
}

function fetchFrom(lan: Lan, station: Station, host: Host): void {
  // The open connection serves a page that follows soon; it is told of by bytes enough.
  if ((station.open.get(host.name) ?? 0) > lan.now) return
  station.open.set(host.name, lan.now + KEPT)
  if (station.open.size > 500) station.open.clear()
  const { dice, part } = station
  const shape = part.browser ?? 'chrome'
  const exchanges = pageLoad(station)
  const canQuic = host.modern && shape === 'chrome' && dice.chance(0.35)
  if (canQuic) lan.spawn(quic(lan, station, host, shape, exchanges))
  else lan.spawn(secure(lan, station, host, { shape, exchanges, close: ending(station) }))
}

function ending({ dice }: Station): 'fin' | 'server-fin' | 'rst' {
  const drawn = dice.next()
  return drawn < 0.75 ? 'fin' : drawn < 0.9 ? 'server-fin' : 'rst'
}

function pageLoad({ dice }: Station): Exchange[] {
  const count = dice.chance(0.3) ? 2 : 1
  return Array.from({ length: count }, (_, at) => ({
    up: dice.int(350, 1100),
    down: Math.min(dice.size(14_000, 1.2), 1_500_000),
    wait: at === 0 ? 0 : dice.exp(4 * SECOND),
  }))
}

/** Mistyped names, and short ones that the browser or the system tries. */
export function* typos(lan: Lan, station: Station): Process {
  const dice = station.dice.fork('typos')
  for (;;) {
    yield lan.now + dice.exp(150 * MINUTE)
    if (!station.attended || !station.online) continue
    const site = dice.pick(lan.world.sites)
    const at = dice.int(1, 4)
    const wrong = site.domain.slice(0, at) + site.domain.slice(at + 1)
    yield* lan.fail(station, `www.${wrong}`, wrong)
  }
}
