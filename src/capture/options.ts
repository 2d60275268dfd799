import { duration, section } from '../config/section.ts'
import { type Static, Type } from '../config/type.ts'

function limit(what: string, rate: number, burst: number) {
  return section(`How many ${what} of one source are reported one by one.`, {
    rate: Type.Integer({
      default: rate,
      minimum: 0,
      maximum: 1_000_000,
      description: 'Per second, once the burst is used up; 0 for no limit.',
    }),
    burst: Type.Integer({
      default: burst,
      minimum: 1,
      maximum: 1_000_000,
      description: 'At once, after a quiet time.',
    }),
  })
}

function timeout(value: string, description: string) {
  return duration({ default: value, minDuration: '1s', maxDuration: '7d', description })
}

const flowOptions = section('When a conversation is reported, and when it is over.', {
  update_interval: timeout('60s', 'Time between two reports of a long conversation.'),
  sweep_interval: duration({
    default: '5s',
    minDuration: '1s',
    maxDuration: '5m',
    description: 'How often the kernel’s table is looked through for idle conversations.',
  }),
  tcp_timeout: timeout('5m', 'Silence that ends an established TCP connection.'),
  tcp_closing_timeout: timeout('10s', 'Silence that ends one never answered, or closing.'),
  udp_timeout: timeout('60s', 'Silence that ends a UDP conversation.'),
  icmp_timeout: timeout('30s', 'Silence that ends an ICMP conversation.'),
  other_timeout: timeout('60s', 'Silence that ends any other conversation.'),
})

const limitOptions = section('What one source may cost: the rest is counted, flows still swept.', {
  flow_starts: limit('new conversations', 5000, 20_000),
  arp: limit('ARP packets', 100, 500),
  icmp: limit('ICMP messages', 100, 500),
  fragments: limit('IP fragments', 200, 1000),
})

/** The `capture` section. */
export const captureOptions = section('Where packets come from and how much the kernel may hold.', {
  interfaces: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
    default: ['auto'],
    minItems: 1,
    uniqueItems: true,
    description:
      'Interfaces to watch: names, globs such as `veth*`, `all`, or `auto` for that of the default route.',
  }),
  attach: Type.Enum(['auto', 'tcx', 'clsact'], {
    default: 'auto',
    description: 'How to hook into the kernel: TCX link (6.6 and newer), else clsact filter.',
  }),
  ring_buffer: Type.Integer({
    default: 8,
    minimum: 1,
    maximum: 1024,
    description: 'MiB between kernel and sensor, rounded up to a power of two.',
  }),
  flow_table: Type.Integer({
    default: 131_072,
    minimum: 1024,
    maximum: 16_777_216,
    description:
      'Conversations that the kernel remembers, IPv4 and IPv6 each; about 300 bytes one.',
  }),
  tunnels: Type.Boolean({
    default: true,
    description: 'Look inside VXLAN, GENEVE, GRE and other tunnels.',
  }),
  flow: flowOptions,
  limits: limitOptions,
})

export type CaptureOptions = Static<typeof captureOptions>
