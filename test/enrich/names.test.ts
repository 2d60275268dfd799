import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { FlowEvent } from '../../src/decode/flow.ts'
import { Names } from '../../src/enrich/names.ts'
import { Protocols } from '../../src/protocols/protocols.ts'
import { netbiosName } from '../generate/dns.ts'
import * as p from '../generate/packets.ts'
import { clientHello, tlsRecords } from '../generate/tls.ts'
import { event, type Fields } from './record.ts'

type Records = Parameters<typeof p.dnsAnswer>[1]

const client = '192.0.2.23'
const server = '93.184.216.34'
const server6 = '2606:2800:220:1::1'

let names: Names
let protocols: Protocols

beforeEach(() => {
  names = new Names({ limit: 1024 })
  protocols = new Protocols(one => names.learn(one))
})

function flow(fields: Partial<Fields> = {}): FlowEvent {
  const made = event({ kind: 'EVENT_FLOW_START', from: client, to: server, ...fields })
  if (!(made instanceof FlowEvent)) throw new Error('the record is no flow')
  return made
}

function hear(fields: Partial<Fields> & { readonly payload: Uint8Array }): void {
  protocols.take(event({ kind: 'EVENT_MESSAGE', protocol: 17, ...fields }))
}

let id = 0
/** A client asks its resolver, and this is what it is told. */
function resolve(name: string, answers: Records, fields: Partial<Fields> = {}): void {
  const { from = client } = fields
  const ports = [40_000 + id, 53] as const
  const end = from.includes(':') ? '2001:db8::53' : '192.0.2.1'
  const common = { l7: 1, ...fields }
  hear({ ...common, from, to: end, ports, payload: p.dnsQuery(name, 'A', ++id) })
  hear({
    ...common,
    from: end,
    to: from,
    ports: [53, ports[0]],
    mac: fields.toMac ?? '02-00-00-00-00-02',
    toMac: fields.mac ?? '02-00-00-00-00-01',
    flags: ['EVENT_ON_LINK', 'EVENT_REPLY'],
    payload: p.dnsAnswer(name, answers, { id }),
  })
}

const nameOf = (one: FlowEvent) => {
  const found = names.destinationName(one.packet, one.start || one.time)
  return found && `${found.name} ${found.source}`
}
const address = (data: string, name = 'www.example.org', ttl = 60) => ({
  name,
  type: data.includes(':') ? ('AAAA' as const) : ('A' as const),
  data,
  ttl,
})

describe('a name that a client resolved', () => {
  test('is that of the address for this client, and for no other', () => {
    resolve('WWW.example.org', [address(server), address('93.184.216.35')])
    expect(nameOf(flow({ time: 1 }))).toBe('www.example.org dns')
    expect(nameOf(flow({ time: 1, to: '93.184.216.35' }))).toBe('www.example.org dns')
    expect(nameOf(flow({ time: 1, to: '93.184.216.36' }))).toBeUndefined()
    expect(nameOf(flow({ time: 1, from: '192.0.2.24' }))).toBeUndefined()
    expect(nameOf(flow({ time: 1, from: server, to: client }))).toBeUndefined()
  })

  test('is what was asked for, over any chain of aliases, in any order', () => {
    const chain: Records = [
      address(server, 'c.example.net'),
      { name: 'b.example.net', type: 'CNAME', data: 'C.example.net' },
      { name: 'www.example.org', type: 'CNAME', data: 'b.example.net' },
    ]
    resolve('www.example.org', chain)
    expect(nameOf(flow({ time: 1 }))).toBe('www.example.org dns')
  })

  test('is nothing that the answer says of other names', () => {
    resolve('www.example.org', [
      address('198.51.100.1'),
      address(server, 'bank.example'),
      { name: 'other.example', type: 'CNAME', data: 'bank.example' },
    ])
    expect(nameOf(flow({ time: 1 }))).toBeUndefined()
  })

  test('ends with a ring of aliases', () => {
    resolve('a.example', [
      { name: 'a.example', type: 'CNAME', data: 'b.example' },
      { name: 'b.example', type: 'CNAME', data: 'a.example' },
    ])
    expect(names.counts.resolved).toBe(0)
  })

  test('comes from the hints of an HTTPS record too', () => {
    const hints = Buffer.from(
      '0001 00 0001 0003 026832 0004 0004 5db8d822'.replaceAll(' ', ''),
      'hex',
    )
    resolve('_8443._https.www.example.org', [
      { name: '_8443._https.www.example.org', type: 65, data: hints },
    ])
    expect(nameOf(flow({ time: 1 }))).toBe('www.example.org dns')
  })

  test('is that of a client of both families, known by its card', () => {
    const mac = '00-00-5E-00-53-23'
    resolve('www.example.org', [address(server6)], { mac })
    const six = { from: '2001:db8::23', to: server6, time: 1 }
    expect(nameOf(flow({ ...six, mac }))).toBe('www.example.org dns')
    expect(nameOf(flow({ ...six, mac: '00-00-5E-00-53-24' }))).toBeUndefined()
    expect(nameOf(flow({ ...six, mac, flags: [] }))).toBeUndefined()
  })

  test.each([
    ['at least five minutes', 1, 299, 301],
    ['its time to live', 3600, 3599, 3601],
    ['at most a day', 1_000_000, 86_399, 86_401],
  ])('is good for %s', (_, ttl, until, after) => {
    resolve('www.example.org', [address(server, 'www.example.org', ttl)])
    expect(nameOf(flow({ time: until }))).toBe('www.example.org dns')
    expect(nameOf(flow({ time: after }))).toBeUndefined()
  })

  test('stays with a conversation that outlives it, and that began before another name came', () => {
    resolve('www.example.org', [address(server)])
    names.began(flow({ time: 1 }))
    resolve('other.example', [address(server, 'other.example')], { time: 2 })
    expect(nameOf(flow({ kind: 'EVENT_FLOW_END', time: 90_000 }))).toBe('www.example.org dns')
    names.end(flow().packet)
    names.began(flow({ time: 3 }))
    expect(nameOf(flow({ kind: 'EVENT_FLOW_END', time: 4 }))).toBe('other.example dns')
  })

  test('is not replaced by an answer that nobody asked for', () => {
    resolve('www.example.org', [address(server)])
    const payload = p.dnsAnswer('evil.example', [address(server, 'evil.example')], { id: 9999 })
    hear({ l7: 1, from: '192.0.2.1', to: client, ports: [53, 50_000], time: 1, payload })
    expect(nameOf(flow({ time: 2 }))).toBe('www.example.org dns')
  })

  test('is none that a host cannot have', () => {
    resolve('www\u001b[31m.example.org', [address(server, 'www\u001b[31m.example.org')])
    expect(nameOf(flow({ time: 1 }))).toBeUndefined()
    expect(names.counts.refused).toBe(1)
  })

  test('pushes an unused one out when there is no room', () => {
    for (let index = 0; index < 3000; index++) {
      resolve('www.example.org', [address(`10.1.${index >> 8}.${index & 255}`)])
    }
    expect(names.counts.resolved).toBeLessThanOrEqual(1024)
    expect(names.counts.resolved + names.counts.evicted).toBe(3000)
  })
})

describe('a name that the conversation itself says', () => {
  const tls = { l7: 5, protocol: 6, from: client, to: server, time: 1 }

  test('is better than one that was resolved, and only of this conversation', () => {
    resolve('cdn.example.net', [address(server, 'cdn.example.net')])
    names.began(flow({ time: 1 }))
    hear({ ...tls, payload: tlsRecords(clientHello({ sni: 'www.Example.org' })) })
    expect(nameOf(flow({ kind: 'EVENT_FLOW_END', time: 2 }))).toBe('www.example.org tls')
    expect(nameOf(flow({ time: 2, ports: [40_001, 443] }))).toBe('cdn.example.net dns')
  })

  test('goes when its ports are used again', () => {
    hear({ ...tls, payload: tlsRecords(clientHello({ sni: 'www.example.org' })) })
    expect(nameOf(flow({ time: 2 }))).toBe('www.example.org tls')
    names.began(flow({ time: 3 }))
    expect(nameOf(flow({ time: 3 }))).toBeUndefined()
  })

  test.each([
    [
      'of a request to the server',
      { target: '/', host: 'www.example.org:8080' },
      'www.example.org http',
    ],
    [
      'of a request to a proxy',
      { target: 'http://www.example.org/', host: 'www.example.org' },
      undefined,
    ],
    [
      'of a tunnel through a proxy',
      { method: 'CONNECT', target: 'www.example.org:443', host: 'www.example.org:443' },
      undefined,
    ],
    ['that is an address', { target: '/', host: server }, undefined],
  ])('by HTTP: %s', (_, request, expected) => {
    hear({ ...tls, l7: 6, payload: p.httpRequest(request) })
    expect(nameOf(flow({ time: 2 }))).toBe(expected)
  })
})

describe('a name that a device gives itself', () => {
  const group = { protocol: 17, ports: [5353, 5353] as const, l7: 2, to: '224.0.0.251' }
  const printer = flow.bind(null, { to: '192.0.2.9', time: 1 })

  test('by mDNS is that of all its addresses', () => {
    const records = [address('192.0.2.9', 'Printer.local'), address('fe80::9', 'Printer.local')]
    hear({ ...group, from: '192.0.2.9', payload: p.mdnsAnnouncement(records) })
    expect(nameOf(printer())).toBe('printer.local mdns')
    expect(nameOf(flow({ from: 'fe80::1', to: 'fe80::9', time: 1 }))).toBe('printer.local mdns')
    const goodbye = records.map(record => ({ ...record, ttl: 0 }))
    hear({ ...group, from: '192.0.2.9', payload: p.mdnsAnnouncement(goodbye) })
    expect(nameOf(printer())).toBeUndefined()
  })

  test('is none that another gives it', () => {
    const payload = p.mdnsAnnouncement([address('192.0.2.9', 'evil.local')])
    hear({ ...group, from: '192.0.2.66', payload })
    expect(nameOf(printer())).toBeUndefined()
  })

  test('by NetBIOS is worse than by mDNS, and none when it is that of a group', () => {
    const nbns = {
      ...group,
      ports: [137, 137] as const,
      l7: 4,
      from: '192.0.2.9',
      to: '192.0.2.255',
    }
    const register = (name: string, suffix: number, flags: number) => {
      const data = Buffer.from([flags, 0, 192, 0, 2, 9])
      const encoded = netbiosName(name, suffix)
      const questions = [{ name: encoded, type: 'NB' as const }]
      const additionals = [{ name: encoded, type: 'NB' as const, data }]
      hear({ ...nbns, payload: p.dns({ flags: 0x2910, questions, additionals }) })
    }
    register('WORKGROUP', 0x00, 0x80)
    register('MASTER', 0x1b, 0x00)
    expect(nameOf(printer())).toBeUndefined()
    register('OFFICEJET', 0x20, 0x00)
    expect(nameOf(printer())).toBe('officejet nbns')
    const payload = p.mdnsAnnouncement([address('192.0.2.9', 'printer.local')])
    hear({ ...group, from: '192.0.2.9', payload })
    register('OFFICEJET', 0x20, 0x00)
    expect(nameOf(printer())).toBe('printer.local mdns')
  })
})

test('no bytes of an answer make a name that is none, or grow the memory', () => {
  const answer = p.dnsAnswer('www.example.org', [
    { name: 'www.example.org', type: 'CNAME', data: 'b.example.net' },
    address(server, 'b.example.net'),
    address(server6, 'b.example.net'),
  ])
  const change = fc.tuple(fc.nat(answer.length - 1), fc.nat(255))
  fc.assert(
    fc.property(fc.array(change, { maxLength: 8 }), fc.constantFrom(1, 2, 3, 4), (changes, l7) => {
      const payload = answer.slice()
      for (const [at, value] of changes) payload[at] = value
      hear({ l7, from: '192.0.2.1', to: client, ports: [53, 40_000], payload })
      const found = names.destinationName(flow({ time: 1 }).packet)
      expect(found === undefined || /^[a-z0-9._-]+$/.test(found.name)).toBe(true)
      expect(names.counts.resolved).toBeLessThanOrEqual(1024)
    }),
    { numRuns: 500 },
  )
})
