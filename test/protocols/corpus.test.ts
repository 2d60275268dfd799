import { describe, expect, test } from 'vitest'
import { decodeDhcp4 } from '../../src/protocols/dhcp4.ts'
import { decodeDhcp6 } from '../../src/protocols/dhcp6.ts'
import { decodeDns, isPlausibleDns } from '../../src/protocols/dns.ts'
import { decodeHttp } from '../../src/protocols/http.ts'
import { decodeSsh, hassh, hasshServer } from '../../src/protocols/ssh.ts'
import { captures, fields, obstacle, type Packet } from './tshark.ts'

/** Real captures: what tshark prints of a packet, our decoders must print too. */

if (obstacle !== undefined) process.stderr.write(`\nCAPTURES NOT COMPARED: ${obstacle}\n`)

const suite = { skip: obstacle !== undefined, timeout: 60_000 }
const one = (packet: Packet, name: string) => packet.get(name)?.[0]
// The last one: in a tunnel that of the innermost packet
const payload = (packet: Packet, name: string) => Buffer.from(packet.get(name)?.at(-1) ?? '', 'hex')
const plain = (text: string | undefined) => text !== undefined && /^[\w.*-]+$/.test(text)

describe('DNS in captures', suite, () => {
  const names = [
    'udp.payload',
    'dns.id',
    'dns.flags.response',
    'dns.flags.rcode',
    'dns.flags.opcode',
  ]
  const sections = [
    'dns.count.answers',
    'dns.qry.name',
    'dns.qry.type',
    'dns.resp.name',
    'dns.resp.type',
  ]
  const data = ['dns.resp.ttl', 'dns.a', 'dns.aaaa', 'dns.cname', 'dns.flags.z', '_ws.malformed']

  test.each(captures('dns', 16))('%s', async capture => {
    const filter = 'dns && udp && !icmp && !mdns && !llmnr'
    const packets = await fields(capture, filter, [...names, ...sections, ...data])
    for (const packet of packets) {
      if (packet.has('_ws.malformed')) continue
      const message = decodeDns(payload(packet, 'udp.payload'))
      expect(message?.id).toBe(Number(one(packet, 'dns.id')))
      expect(message?.isResponse).toBe(one(packet, 'dns.flags.response') === '1')
      expect(message?.opCode).toBe(Number(one(packet, 'dns.flags.opcode')))
      expect(message?.z).toBe(Number(one(packet, 'dns.flags.z') ?? 0))
      const [question] = message?.questions ?? []
      expect(question?.type).toBe(numberOf(packet, 'dns.qry.type'))
      const theirs = one(packet, 'dns.qry.name')
      if (plain(theirs)) expect(question?.name).toBe(theirs)
      if (message?.isResponse) compareAnswers(message, packet)
    }
  })

  test('passes as DNS on any port', async () => {
    let [seen, known] = [0, 0]
    for (const capture of captures('dns', 6)) {
      const packets = await fields(capture, 'dns && udp.port == 53 && !icmp', ['udp.payload'])
      for (const packet of packets) {
        seen++
        if (isPlausibleDns(payload(packet, 'udp.payload'))) known++
      }
    }
    expect(known / seen).toBeGreaterThan(0.9)
  })
})

function numberOf(packet: Packet, name: string): number | undefined {
  const text = one(packet, name)
  return text === undefined ? undefined : Number(text)
}

function compareAnswers(message: NonNullable<ReturnType<typeof decodeDns>>, packet: Packet): void {
  if (message.cut) return
  const records = [...message.answers, ...message.authority, ...message.additional]
  const withoutOpt = records.filter(record => record.type !== 41)
  expect(message.responseCode & 15).toBe(Number(one(packet, 'dns.flags.rcode')))
  // tshark lists the types of NSEC bitmaps under the same name.
  if (records.some(r => r.type === 47 || r.type === 50)) return
  expect(records.map(r => String(r.type))).toEqual(packet.get('dns.resp.type') ?? [])
  const names = packet.get('dns.resp.name') ?? []
  for (const [i, record] of records.entries()) {
    if (plain(names[i])) expect(record.name).toBe(names[i])
  }
  expect(withoutOpt.map(r => String(r.ttl))).toEqual(packet.get('dns.resp.ttl') ?? [])
  const dataOf = (type: number) => records.filter(r => r.type === type).map(r => r.data)
  expect(dataOf(1)).toEqual(packet.get('dns.a') ?? [])
  expect(dataOf(28)).toEqual(packet.get('dns.aaaa') ?? [])
  expect(dataOf(5)).toEqual(packet.get('dns.cname') ?? [])
}

describe('DHCP in captures', suite, () => {
  const v4 = {
    'dhcp.id': 'transactionId',
    'dhcp.hw.mac_addr': 'clientMac',
    'dhcp.option.hostname': 'hostname',
    'dhcp.ip.your': 'assignedIp',
    'dhcp.option.requested_ip_address': 'requestedIp',
    'dhcp.option.dhcp_server_id': 'serverIp',
    'dhcp.option.vendor_class_id': 'vendorClass',
    'dhcp.option.ip_address_lease_time': 'leaseTime',
  } as const
  const actions = 'discover offer request decline ack nak release inform'.split(' ')

  test.each(captures('dhcp', 13))('%s', async capture => {
    const names = ['udp.payload', 'dhcp.option.dhcp', 'dhcp.option.request_list_item']
    const packets = await fields(capture, 'dhcp && !icmp', [...names, ...Object.keys(v4)])
    expect(packets.length).toBeGreaterThan(0)
    for (const packet of packets) {
      const message = decodeDhcp4(payload(packet, 'udp.payload'))
      const type = Number(one(packet, 'dhcp.option.dhcp'))
      expect(message?.action).toBe(`dhcp-${actions[type - 1]}`)
      expect(message?.parameterList?.split(',')).toEqual(
        packet.get('dhcp.option.request_list_item'),
      )
      for (const [theirs, ours] of Object.entries(v4)) {
        expect(same(message?.[ours])).toBe(same(one(packet, theirs)))
      }
    }
  })

  test('version 6', async () => {
    let compared = 0
    const names = ['udp.payload', 'dhcpv6.msgtype', 'dhcpv6.xid', 'dhcpv6.iaaddr.ip']
    const files = captures('conn', 400).filter(file => /synthetic|pppoe/.test(file))
    for (const capture of files) {
      const packets = await fields(capture, 'dhcpv6 && !icmpv6', names)
      for (const packet of packets) {
        const message = decodeDhcp6(payload(packet, 'udp.payload'))
        compared++
        expect(Number(`0x${message?.transactionId}`)).toBe(Number(one(packet, 'dhcpv6.xid')))
        expect(message?.addresses).toEqual(packet.get('dhcpv6.iaaddr.ip'))
      }
    }
    expect(compared).toBeGreaterThan(0)
  })
})

function same(value: unknown): string {
  const text = String(value ?? '').toLowerCase()
  if (text === '0.0.0.0' || text === '00:00:00:00:00:00') return ''
  return text.replaceAll(/[-:]/g, '').replace(/^0x/, '').replace(/\0+$/, '')
}

describe('HTTP in captures', suite, () => {
  const names = ['tcp.payload', 'http.request.method', 'http.request.uri', 'http.host']
  const more = ['http.user_agent', 'http.referer', 'http.response.code', 'http.request.version']

  test.each(captures('http', 24))('%s', async capture => {
    const packets = await fields(capture, 'http && tcp && !icmp', [...names, ...more])
    for (const packet of packets) {
      const head = decodeHttp(payload(packet, 'tcp.payload'))
      // A body that happens to start with a method has no target.
      if (!packet.has('http.request.uri') && !packet.has('http.response.code')) continue
      if (!packet.has('tcp.payload')) continue // a fragment
      if (head?.kind === 'response') {
        expect(String(head.status)).toBe(one(packet, 'http.response.code'))
      } else if (head !== undefined) {
        expect(head.method).toBe(one(packet, 'http.request.method'))
        // tshark's text ends at a NUL
        expect(head.target.split('\0', 1)[0]).toBe(one(packet, 'http.request.uri'))
        if (head.cut) continue
        expect(head.host?.split('\0', 1)[0]).toBe(one(packet, 'http.host'))
        expect(head.userAgent?.trim()).toBe(one(packet, 'http.user_agent')?.trim())
        expect(head.referrer || undefined).toBe(one(packet, 'http.referer'))
      }
      expect(head).toBeDefined()
    }
  })
})

describe('SSH in captures', suite, () => {
  const names = ['tcp.payload', 'ssh.protocol', 'ssh.kex.hassh', 'ssh.kex.hasshserver']

  test.each(captures('ssh', 12))('%s', async capture => {
    const packets = await fields(capture, 'ssh && tcp && !icmp', names)
    for (const packet of packets) {
      const hello = decodeSsh(payload(packet, 'tcp.payload'))
      const banner = one(packet, 'ssh.protocol')
      if (banner !== undefined) expect(hello?.banner?.trim()).toBe(banner.trim())
      if (hello?.kexInit === undefined) continue
      const [client, server] = [one(packet, 'ssh.kex.hassh'), one(packet, 'ssh.kex.hasshserver')]
      if (client !== undefined) expect(hassh(hello.kexInit)).toBe(client)
      if (server !== undefined) expect(hasshServer(hello.kexInit)).toBe(server)
    }
  })
})
