import { type FieldReader } from '../../src/rules/fields.ts'
import { Random } from './random.ts'
import { address, domain, port } from './rules.ts'

/** Events with flat, typed fields, as the sensor's are; a new text each, as from the wire. */
export class DnsQuery {
  readonly kind = 'dns'
  readonly sourceIp: string
  readonly destinationIp: string
  readonly destinationPort = 53
  readonly name: string
  readonly type: string
  readonly resolved: readonly string[] | undefined

  constructor(random: Random) {
    this.sourceIp = inside(random)
    this.destinationIp = '10.0.0.53'
    this.name = text(`${random.word(1 + random.below(2))}.${domain(random)}`)
    this.type = random.of(['A', 'AAAA', 'A', 'AAAA', 'HTTPS', 'PTR', 'TXT'])
    this.resolved = random.chance(0.5) ? [text(address(random))] : undefined
  }
}

export class TlsHello {
  readonly kind = 'tls'
  readonly sourceIp: string
  readonly destinationIp: string
  readonly destinationPort: number
  readonly serverName: string
  readonly ja3: string
  readonly ja4: string
  readonly next = 'h2'

  constructor(random: Random) {
    this.sourceIp = inside(random)
    this.destinationIp = text(address(random))
    this.destinationPort = random.chance(0.9) ? 443 : port(random)
    this.serverName = text(`www.${domain(random)}`)
    this.ja3 = text(random.hex(32))
    this.ja4 = text(`t13d1516h2_${random.hex(12)}_${random.hex(12)}`)
  }
}

export class FlowEnd {
  readonly kind = 'flow'
  readonly sourceIp: string
  readonly destinationIp: string
  readonly destinationPort: number
  readonly bytes: number
  readonly direction: string
  readonly domain: string | undefined

  constructor(random: Random) {
    this.sourceIp = inside(random)
    this.destinationIp = text(random.chance(0.3) ? inside(random) : address(random))
    this.destinationPort = port(random)
    this.bytes = random.below(random.chance(0.05) ? 1e9 : 1e5)
    this.direction = random.of(['outbound', 'outbound', 'internal', 'inbound'])
    this.domain = random.chance(0.5) ? text(domain(random)) : undefined
  }
}

export type BenchEvent = DnsQuery | TlsHello | FlowEnd

/** 45 % DNS, 20 % TLS, 35 % flows. */
export function makeEvents(count: number, seed: number): BenchEvent[] {
  const random = new Random(seed)
  return Array.from({ length: count }, () => {
    const kind = random.next()
    if (kind < 0.45) return new DnsQuery(random)
    return kind < 0.65 ? new TlsHello(random) : new FlowEnd(random)
  })
}

const common = {
  'source.ip': (event: BenchEvent) => event.sourceIp,
  'destination.ip': (event: BenchEvent) => event.destinationIp,
  'destination.port': (event: BenchEvent) => event.destinationPort,
}

const tables: Readonly<Record<string, Readonly<Record<string, (event: never) => unknown>>>> = {
  dns: {
    ...common,
    'dns.question.name': (event: DnsQuery) => event.name,
    'dns.question.type': (event: DnsQuery) => event.type,
    'dns.resolved_ip': (event: DnsQuery) => event.resolved,
  },
  tls: {
    ...common,
    'tls.client.server_name': (event: TlsHello) => event.serverName,
    'tls.client.ja3': (event: TlsHello) => event.ja3,
    'orthrus.tls.ja4': (event: TlsHello) => event.ja4,
    'tls.next_protocol': (event: TlsHello) => event.next,
  },
  flow: {
    ...common,
    'source.bytes': (event: FlowEnd) => event.bytes,
    'network.direction': (event: FlowEnd) => event.direction,
    'destination.domain': (event: FlowEnd) => event.domain,
  },
}

/** Reads those events by slots. */
export function readerOf(kind: string): FieldReader<BenchEvent> {
  return {
    slotOf: field => tables[kind]?.[field] as ReturnType<FieldReader<BenchEvent>['slotOf']>,
    texts: () => [],
  }
}

function inside(random: Random): string {
  return text(`192.168.${random.below(4)}.${1 + random.below(250)}`)
}

/** A flat string of its own, not a rope of pieces. */
function text(made: string): string {
  return Buffer.from(made).toString('latin1')
}
