import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { kernelClock, monotonicNow } from '../../src/capture/clock.ts'
import { listInterfaces } from '../../src/capture/interfaces.ts'
import { defaultRoutes } from '../../src/capture/routes.ts'
import { makeNamespace } from './support/namespace.ts'
import { isRoot } from './support/root.ts'

test('loopback is listed, framed as Ethernet', () => {
  const lo = listInterfaces().find(({ name }) => name === 'lo')
  expect(lo).toMatchObject({ index: 1, link: 'l2', type: 772, loopback: true })
})

test('the clock leads from CLOCK_MONOTONIC to the Unix epoch', () => {
  const clock = kernelClock()
  const before = Date.now()
  const now = monotonicNow() / 1000 + clock.offset
  const after = Date.now()
  // Two clocks are read one after the other, and somebody may steer one of them meanwhile.
  expect(now).toBeGreaterThanOrEqual((before - 1) * 1000)
  expect(now).toBeLessThanOrEqual((after + 1) * 1000)
  expect(Math.abs(Number(clock.offsetNs) / 1000 - clock.offset)).toBeLessThan(1)
  const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])
  expect(monotonicNow() / 1e9).toBeLessThanOrEqual(uptime + 1)
})

describe.skipIf(!isRoot)('in a namespace of its own', () => {
  test('interfaces and default routes are those of the namespace, not of /sys', () => {
    using space = makeNamespace()
    const script = `
      ip link add b0 type veth peer name b1
      ip link set b0 address 02:00:00:00:00:0b mtu 1300
      ip link set b0 up
      ip link set b1 up
      ip tuntap add dev tun0 mode tun
      ip link set tun0 up
      ip address add 192.0.2.7/24 dev b0
      ip address add 192.0.2.9/32 dev b0 label b0:x
      ip -6 address add 2001:db8::7/64 dev b0 nodad
      ip route add default via 192.0.2.2 metric 50
      ip route add default dev tun0 metric 20
      ip route add unreachable default metric 10
      ip -6 route add default via 2001:db8::1 dev b0 metric 30`
    execFileSync('ip', ['netns', 'exec', space.name, 'sh', '-ec', script])
    const [interfaces, routes] = space.inside(() => [listInterfaces(), defaultRoutes()] as const)
    expect(interfaces.map(({ name }) => name).sort()).toEqual(['b0', 'b1', 'lo', 'tun0'])
    expect(interfaces.find(({ name }) => name === 'b0')).toMatchObject({
      up: true,
      link: 'l2',
      kind: 'veth',
      mac: '02:00:00:00:00:0b',
      mtu: 1300,
      addresses: expect.arrayContaining(['192.0.2.7/24', '192.0.2.9/32', '2001:db8::7/64']),
    })
    expect(interfaces.find(({ name }) => name === 'tun0')).toMatchObject({
      link: 'l3',
      kind: 'tun',
      mac: '',
      addresses: [],
    })
    expect(routes).toEqual([
      { family: 4, interface: 'tun0', gateway: '', metric: 20 },
      { family: 4, interface: 'b0', gateway: '192.0.2.2', metric: 50 },
      { family: 6, interface: 'b0', gateway: '2001:db8::1', metric: 30 },
    ])
  })

  test('a namespace with nothing but loopback has no default route', () => {
    using space = makeNamespace()
    expect(space.inside(defaultRoutes)).toEqual([])
  })
})
