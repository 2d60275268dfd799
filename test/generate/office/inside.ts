import { httpRequest, httpResponse } from '../application.ts'
import { concat, u8, u16 } from '../bytes.ts'
import { type Lan } from './lan.ts'
import { bulk, payload } from './payload.ts'
import { type Process } from './schedule.ts'
import { smbSays, type Transfer } from './smb.ts'
import { DAY, HOUR, MINUTE, SECOND, type Station } from './station.ts'
import { converse, type Say } from './talk.ts'
import { tlsSays } from './web.ts'

// What the devices of the office do with each other.

const LOCAL = 350

/** A TCP conversation with another station. */
export function* local(
  lan: Lan,
  from: Station,
  to: Station,
  port: number,
  says: Iterable<Say>,
  fate?: 'silent' | 'refused',
): Process {
  const six = from.part.system === 'macos' && to.part.ipv6 === true && from.part.ipv6 === true
  if (six) yield* lan.reach6(from, to)
  else yield* lan.reach(from, to)
  yield* converse(lan, {
    client: six ? from.end6() : from.end(),
    server: six ? to.end6(port) : to.end(port),
    rtt: LOCAL,
    says,
    ...(fate && { fate }),
  })
}

/** Files on the NAS, while somebody works. */
export function* files(lan: Lan, station: Station): Process {
  const dice = station.dice.fork('files')
  const nas = lan.station('nas')
  for (;;) {
    yield lan.now + dice.exp(55 * MINUTE)
    if (!station.online || !station.attended) continue
    const transfers: Transfer[] = Array.from({ length: dice.int(2, 12) }, () => {
      const write = dice.chance(0.25)
      const size = Math.min(dice.size(60_000, 1.6), 8_000_000)
      const wait = dice.exp(8 * SECOND)
      return write ? { up: size, down: 120, wait } : { up: 130, down: size, wait }
    })
    lan.spawn(local(lan, station, nas, 445, smbSays(transfers)))
  }
}

/** At night the docked laptops and the monitoring server write to the NAS. */
export function* backup(lan: Lan, station: Station, start: number): Process {
  const dice = station.dice.fork('backup')
  const nas = lan.station('nas')
  const hour = 1 + (station.part.host % 4)
  for (let day = 0; ; day++) {
    yield start + day * DAY + hour * HOUR + dice.next() * 4 * MINUTE
    if (!station.online) continue
    const count = dice.int(18, 26)
    const transfers = Array.from({ length: count }, () => ({
      up: dice.size(950_000, 0.3),
      down: 160,
      wait: 300_000,
    }))
    yield* local(lan, station, nas, 445, smbSays(transfers))
  }
}

const AGENT = {
  macos: 'CUPS/2.3.4 (macOS 15.7; arm64) IPP/2.0',
  linux: 'CUPS/2.4.2 (Linux 6.1.0; x86_64) IPP/2.0',
}

/** Paper, now and then: IPP from macOS and Linux, port 9100 from Windows. */
export function* printing(lan: Lan, station: Station): Process {
  const dice = station.dice.fork('printing')
  const printers = lan.ofRole('printer')
  const usual = dice.pick(printers)
  for (;;) {
    yield lan.now + dice.exp(200 * MINUTE)
    if (!station.online || !station.attended) continue
    const printer = dice.chance(0.85) ? usual : dice.pick(printers)
    const size = dice.size(350_000, 0.9)
    const { system } = station.part
    const says =
      system === 'windows'
        ? rawPrint(size)
        : ippPrint(printer.ip, size, AGENT[system === 'macos' ? system : 'linux'])
    lan.spawn(local(lan, station, printer, system === 'windows' ? 9100 : 631, says))
  }
}

function rawPrint(size: number): Say[] {
  const head = concat(u8(0x1b), '%-12345X@PJL JOB NAME="Document"\r\n@PJL ENTER LANGUAGE=PCL\r\n')
  return [
    { from: 'client', data: payload(head) },
    { from: 'client', data: bulk(size, u8(0x1b, 0x45)), wait: 3000 },
    { from: 'server', data: payload('@PJL USTATUS JOB\r\nEND\r\n'), wait: 2 * SECOND },
  ]
}

function ippPrint(printer: string, size: number, agent: string): Say[] {
  const headers = { 'User-Agent': agent, 'Content-Type': 'application/ipp' }
  const post = (operation: number, body: number) => {
    const message = ipp(operation, `ipp://${printer}/ipp/print`)
    const length = { 'Content-Length': String(message.length + body) }
    const host = `${printer}:631`
    return httpRequest(
      { method: 'POST', target: '/ipp/print', host, headers: { ...headers, ...length } },
      message,
    )
  }
  const done = httpResponse({ headers: { 'Content-Type': 'application/ipp' } }, ipp(0))
  return [
    { from: 'client', data: payload(post(0x000b, 0)) },
    { from: 'server', data: payload(done), wait: 3000 },
    { from: 'client', data: payload(post(0x0002, size)), wait: 20_000 },
    { from: 'client', data: bulk(size, concat('%PDF-1.7\n')), wait: 500 },
    { from: 'server', data: payload(done), wait: SECOND },
  ]
}

/** RFC 8010: an operation or, with 0, success; character set, language and the printer. */
function ipp(operation: number, uri?: string): Uint8Array {
  const attribute = (tag: number, name: string, value: string) =>
    concat(u8(tag), u16(name.length), name, u16(value.length), value)
  return concat(
    u8(2, 0),
    u16(operation),
    u8(0, 0, 0, 1, 1),
    attribute(0x47, 'attributes-charset', 'utf-8'),
    attribute(0x48, 'attributes-natural-language', 'en'),
    uri === undefined ? u8() : attribute(0x45, 'printer-uri', uri),
    u8(3),
  )
}

/** The NAS's administration page, over TLS with the NAS's own certificate. */
export function* administration(lan: Lan, station: Station): Process {
  const dice = station.dice.fork('administration')
  const nas = lan.station('nas')
  const server = {
    version: '1.2' as const,
    chain: [
      {
        subject: 'nas.office.example',
        issuer: 'Office Internal CA',
        names: ['nas.office.example'],
        notBefore: '250601000000Z',
        notAfter: '270601000000Z',
      },
    ],
  }
  for (;;) {
    yield lan.now + dice.exp(14 * HOUR)
    if (!station.online || !station.attended) continue
    const exchanges = Array.from({ length: dice.int(3, 9) }, () => ({
      up: 600,
      down: dice.size(9000),
      wait: dice.exp(6 * SECOND),
    }))
    const shape = station.part.browser ?? 'chrome'
    yield* local(lan, station, nas, 5001, tlsSays(server, shape, 'nas.office.example', exchanges))
  }
}

/** A drive letter that still points to a server that is gone, and a port that is closed. */
export function* stale(lan: Lan, station: Station): Process {
  const dice = station.dice.fork('stale')
  for (;;) {
    yield lan.now + dice.exp(3 * HOUR)
    if (!station.online || !station.attended) continue
    for (let i = 0; i < 3; i++) {
      lan.ask(station, '192.168.10.9')
      yield lan.now + SECOND
    }
    const printer = dice.pick(lan.ofRole('printer'))
    yield* local(lan, station, printer, 445, [], 'refused')
  }
}
