import packet from 'dns-packet'
import { describe, expect, test } from 'vitest'
import { decodeDns } from '../../src/protocols/dns.ts'
import { dnsFields, domainParts } from '../../src/protocols/dns-ecs.ts'
import { decodeHttp } from '../../src/protocols/http.ts'
import { httpFields } from '../../src/protocols/http-ecs.ts'
import { decodeSsh } from '../../src/protocols/ssh.ts'
import { sshFields } from '../../src/protocols/ssh-ecs.ts'
import { ecsFaults } from '../alerts/schema.ts'
import { sshBanner, sshKexInit } from '../generate/application.ts'

const answer = packet.encode({
  type: 'response',
  id: 7,
  flags: packet.RECURSION_DESIRED | packet.RECURSION_AVAILABLE | packet.AUTHENTIC_DATA,
  questions: [{ type: 'A', name: 'Www.Example.CO.uk' }],
  answers: [
    { type: 'CNAME', name: 'Www.Example.CO.uk', ttl: 60, data: 'edge.example.net' },
    { type: 'A', name: 'edge.example.net', ttl: 30, data: '192.0.2.1' },
    { type: 'AAAA', name: 'edge.example.net', ttl: 30, data: '2001:db8::1' },
  ],
})

describe('documents follow ECS', () => {
  test('of DNS', () => {
    const message = decodeDns(answer)
    const fields = message && dnsFields(message, 0, 12_345)
    expect(fields).toEqual({
      dns: {
        type: 'answer',
        id: '7',
        op_code: 'QUERY',
        header_flags: ['RD', 'RA', 'AD'],
        question: {
          name: 'Www.Example.CO.uk',
          type: 'A',
          class: 'IN',
          registered_domain: 'example.co.uk',
          subdomain: 'www',
          top_level_domain: 'co.uk',
        },
        response_code: 'NOERROR',
        answers: [
          {
            name: 'Www.Example.CO.uk',
            type: 'CNAME',
            class: 'IN',
            ttl: 60,
            data: 'edge.example.net',
          },
          { name: 'edge.example.net', type: 'A', class: 'IN', ttl: 30, data: '192.0.2.1' },
          { name: 'edge.example.net', type: 'AAAA', class: 'IN', ttl: 30, data: '2001:db8::1' },
        ],
        resolved_ip: ['192.0.2.1', '2001:db8::1'],
      },
      orthrus: { dns: { z: 0, rtt: 12_345 } },
    })
    const { answers = [], ...dns } = fields?.dns ?? {}
    expect(ecsFaults({ dns })).toEqual([])
    for (const each of answers) expect(ecsFaults({ dns: { answers: each } })).toEqual([])
  })

  test.each([
    'GET http://h.test:81/a.b?c#d HTTP/1.1\r\nHost: h\r\nUser-Agent: u\r\nReferer: r\r\n' +
      'Content-Type: a/b\r\nContent-Length: 3\r\n\r\n',
    'CONNECT h:443 HTTP/1.1\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nUser-Agent:\r\nHost:\r\nReferer: \r\nContent-Type: ;\r\n\r\n',
    'GET /',
    'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n',
  ])('of HTTP: %j', text => {
    const head = decodeHttp(Buffer.from(text))
    expect(head).toBeDefined()
    expect(ecsFaults(head ? httpFields(head) : {})).toEqual([])
  })

  test('of SSH', () => {
    const hello = decodeSsh(Buffer.concat([sshBanner(), sshKexInit()]))
    expect(hello).toBeDefined()
    for (const fromServer of [true, false]) {
      expect(ecsFaults(hello ? sshFields(hello, fromServer) : {})).toEqual([])
    }
  })
})

describe('parts of a name', () => {
  test.each([
    ['a.b.example.com', 'example.com', 'a.b', 'com'],
    ['example.com', 'example.com', undefined, 'com'],
    ['MiXeD.ExAmPlE.cOm', 'example.com', 'mixed', 'com'],
    ['x.customer.github.io', 'customer.github.io', 'x', 'github.io'],
    ['com', undefined, undefined, 'com'],
    ['1.2.0.192.in-addr.arpa', '192.in-addr.arpa', '1.2.0', 'in-addr.arpa'],
    ['printer.local', 'printer.local', undefined, 'local'],
    ['WPAD', undefined, undefined, undefined],
    ['.', undefined, undefined, undefined],
    ['192.0.2.1', undefined, undefined, undefined],
    ['a\\.b.example.com', 'example.com', 'a\\.b', 'com'],
  ])('%s', (name, registered, subdomain, top) => {
    const parts = domainParts(name)
    expect(parts.registered_domain).toBe(registered)
    expect(parts.subdomain).toBe(subdomain)
    expect(parts.top_level_domain).toBe(top)
    expect(domainParts(name)).toBe(parts)
  })
})
