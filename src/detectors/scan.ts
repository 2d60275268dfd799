import { milliseconds } from '../config/duration.ts'
import { duration, section } from '../config/section.ts'
import { type Static, Type } from '../config/type.ts'
import { defineDetector } from './detector.ts'
import { Gateways } from './gateways.ts'
import { LinkSweep } from './link-sweep.ts'
import { techniqueOf } from './probe.ts'
import { type ScanLimits, Scans } from './scans.ts'

const count = (value: number, description: string, minimum = 2, maximum = 1_000_000) =>
  Type.Integer({ default: value, minimum, maximum, description })

const schema = section('Looking for hosts and open ports, at any speed.', {
  enabled: Type.Boolean({ default: true, description: 'Whether it looks at all.' }),
  window: duration({
    default: '5m',
    minDuration: '10s',
    maxDuration: '1h',
    description: 'Time in which the counts below make a fast scan.',
  }),
  ports: count(15, 'Ports of one host that make a fast scan.'),
  hosts: count(25, 'Hosts on one port, or pinged, that make a fast scan.'),
  mixed: count(60, 'Pairs of host and port, three ports a host or more, that make a fast scan.'),
  long_window: duration({
    default: '1d',
    minDuration: '1h',
    maxDuration: '7d',
    description: 'Time in which the counts below make a slow scan.',
  }),
  idle: duration({
    default: '1h',
    minDuration: '10m',
    maxDuration: '1d',
    description: 'Silence that ends a slow scan.',
  }),
  slow_ports: count(40, 'Ports of one host that make a slow scan.'),
  slow_hosts: count(60, 'Hosts on one port that make a slow scan.'),
  room: count(10, 'Times as many hosts outside may fail to answer one of ours.', 1, 1000),
  link_hosts: count(30, 'Addresses nobody has that a device may ask for in a window.'),
  slow_link_hosts: count(128, 'Addresses nobody has that a device may ask for in the long window.'),
  sources: count(8192, 'Sources that are watched at a time.', 64),
  entries: count(32_768, 'Targets and ports of them that are watched at a time.', 64, 16_777_216),
})

/**
 * Who looks for hosts and ports (ATT&CK T1046, T1018). Only what came to nothing counts, and only
 * how many different ports or hosts it was: a host that tries one dead server all day is none.
 */
export const scan = defineDetector({
  schema,
  signals: [
    {
      name: 'port-scan',
      when: 'A host tries many ports of another, and gets no answer or says nothing.',
      evidence: {
        ports: 'different ports (beyond 16 an estimate, 1 % off)',
        first_ports: 'the first sixteen',
        technique: 'syn, connect, null, fin, xmas, syn-fin, ack, udp or init',
        seconds: 'from the first probe to the last',
      },
    },
    {
      name: 'host-sweep',
      when: 'A host tries one port on many others, pings them, or asks the link for addresses that nobody has.',
      evidence: {
        hosts: 'different hosts',
        first_hosts: 'the first sixteen, of IPv4',
        technique: 'as above; or ping, arp, ndp',
        seconds: 'from the first probe to the last',
      },
    },
    {
      name: 'mixed-scan',
      when: 'A host tries many ports of many hosts, so few of each that neither of the others shows.',
      evidence: {
        pairs: 'different pairs of host and port',
        technique: 'as above',
        seconds: 'from the first probe to the last',
      },
    },
  ],
  open(options, { signal, home }) {
    const limits = limitsOf(options)
    const gateways = new Gateways(home)
    const scans = new Scans(limits, { signal, home })
    const link = new LinkSweep(
      { ...limits, targets: options.link_hosts, slowTargets: options.slow_link_hosts },
      { signal, gateways },
    )
    return {
      flows: ['start', 'end'],
      on: {
        flow(event) {
          if (event.action === 'start') gateways.learn(event)
          if (event.action !== 'end') return
          const technique = techniqueOf(event)
          if (technique !== undefined) scans.probe(event, technique)
        },
        dhcp: event => event.message.fromServer && gateways.serves(event),
        arp: event => link.arp(event),
        ndp: event => link.ndp(event),
      },
      advance(time) {
        scans.advance(time)
        link.advance(time)
      },
      counts: () => ({ ...scans.counts, refused: scans.counts.refused + link.refused }),
    }
  },
})

function limitsOf(options: Static<typeof schema>): ScanLimits {
  const µs = (text: string | number) => milliseconds(text) * 1000
  return {
    window: µs(options.window),
    longWindow: µs(options.long_window),
    idle: µs(options.idle),
    ports: options.ports,
    hosts: options.hosts,
    slowPorts: options.slow_ports,
    slowHosts: options.slow_hosts,
    mixed: options.mixed,
    room: options.room,
    sources: options.sources,
    entries: options.entries,
  }
}
