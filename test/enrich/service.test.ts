import { expect, test } from 'vitest'
import { serviceName } from '../../src/enrich/service.ts'

test.each([
  [6, 22, 'ssh'],
  [6, 443, 'https'],
  [17, 443, 'quic'],
  [17, 53, 'dns'],
  [6, 53, 'dns'],
  [17, 67, 'dhcp-server'],
  [6, 67, undefined],
  [17, 22, undefined],
  [132, 38412, 'ngap'],
  [1, 22, undefined],
  [6, 0, undefined],
])('protocol %i, port %i is %s', (protocol, port, name) => {
  expect(serviceName(protocol, port)).toBe(name)
})

test('every name is a word', () => {
  const ports = Array.from({ length: 65536 }, (_, port) => port)
  const names = [6, 17, 132].flatMap(protocol => ports.map(port => serviceName(protocol, port)))
  const given = names.filter(name => name !== undefined)
  expect(given.length).toBeGreaterThan(150)
  expect(given.filter(name => !/^[a-z0-9][a-z0-9-]+$/.test(name))).toEqual([])
})
