import { expect, test } from 'vitest'
import { refuseNothing } from '../../src/capture/attachments.ts'
import { homeNetworks, networkOf } from '../../src/capture/home-networks.ts'
import { type Interface } from '../../src/capture/interfaces.ts'
import { type DefaultRoute } from '../../src/capture/routes.ts'
import { missingNames, selectInterfaces } from '../../src/capture/select.ts'

function one(name: string, given: Partial<Interface> = {}): Interface {
  const plain = { index: 1, up: true, link: 'l2', type: 1, kind: '', mac: '', mtu: 1500 } as const
  return { name, ...plain, loopback: name === 'lo', addresses: [], ...given }
}

const interfaces = [
  one('lo'),
  one('eth0'),
  one('eth1', { up: false }),
  one('veth7'),
  one('wg0', { link: 'l3' }),
  one('wlan0mon', { link: 'other' }),
]
const route: DefaultRoute = { family: 4, interface: 'eth0', gateway: '192.0.2.1', metric: 0 }

test.each([
  [['auto'], [route], ['eth0']],
  [['auto'], [route, { ...route, family: 6 as const, interface: 'wg0' }], ['eth0', 'wg0']],
  [['auto'], [], ['eth0', 'veth7', 'wg0']],
  [['all'], [], ['eth0', 'eth1', 'veth7', 'wg0']],
  [['lo'], [], ['lo']],
  [['*'], [], ['eth0', 'eth1', 'veth7', 'wg0']],
  [['eth[0-9]', 'wg?'], [], ['eth0', 'eth1', 'wg0']],
  [['[!e]*'], [], ['veth7', 'wg0']],
  [['eth[', 'e.h0', 'wlan0mon'], [], []],
  [['eth1', 'eth*'], [], ['eth0', 'eth1']],
])('%j means the right interfaces', (wanted, routes, names) => {
  expect(selectInterfaces(wanted, interfaces, routes).map(({ name }) => name)).toEqual(names)
})

test('only plain names can be missing', () => {
  expect(missingNames(['auto', 'all', 'x*', 'eth0', 'eth9'], interfaces)).toEqual(['eth9'])
})

test.each([
  [['eth9'], interfaces, /`eth9`: no such interface/],
  [['auto'], [one('lo')], /no interface is up/],
])('%j with nothing to attach to is refused', (wanted, given, message) => {
  expect(() => refuseNothing(wanted, { interfaces: given, routes: [] })).toThrow(message)
})

test.each([[['eth9', 'eth0']], [['late*']], [['all']]])('%j may begin', wanted => {
  refuseNothing(wanted, { interfaces, routes: [] })
})

test.each([
  ['192.0.2.130/25', '192.0.2.128/25'],
  ['10.1.2.3/8', '10.0.0.0/8'],
  ['10.1.2.3/32', '10.1.2.3/32'],
  ['203.0.113.9/0', '0.0.0.0/0'],
  ['2001:db8:1:2:3::7/52', '2001:db8:1::/52'],
  ['2001:db8::7/64', '2001:db8::/64'],
  ['::ffff:192.0.2.1/104', '::ffff:192.0.0.0/104'],
  ['::1/128', '::1/128'],
])('the network of %s is %s', (address, network) => {
  expect(networkOf(address)).toBe(network)
})

test('home networks are those of the interfaces, each once, without link-local and loopback', () => {
  const addresses = ['192.0.2.7/24', '192.0.2.8/24', 'fe80::1/64', '169.254.3.4/16', 'fd00::7/64']
  const found = homeNetworks([
    one('lo', { addresses: ['127.0.0.1/8'] }),
    one('eth0', { addresses }),
  ])
  expect(found).toEqual(['192.0.2.0/24', 'fd00::/64'])
})
